// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What every program with an engine's main shares: the --heddle- options and the modes that need no
 * engine. Options are long, so that libFuzzer leaves them alone:
 *
 *   --heddle-kernel=NAME          which kernel (a program with go_main or with one kernel of its
 *                                 own needs none); all, for --heddle-digests
 *   --heddle-variant=VARIANT      buggy (default) or fixed; if there is just one, that one
 *   --heddle-artifacts=DIR        write findings there
 *   --heddle-ignore=SIG[,SIG]     count findings of these signatures and go on
 *   --heddle-max-steps=N          events of one execution under the input's control
 *   --heddle-fair-steps=N         events of the fair phase after that
 *   --heddle-progress=FILE        count executions in FILE, for whoever watches
 *   --heddle-bench=PROGRAM        measure an engine: kernel35, or none, which executes nothing
 *   --heddle-form=FORM[:GRAIN]    compare forms: inputs are of this one (gap, wide, byte, keyed,
 *                                 named: forms.h) and grain, their tail is natural
 *   --heddle-mutator=MUTATOR      engine (default), or schedule: form_mutate.h, for libFuzzer
 *   --heddle-replay FILE...       run each file, print its report, exit 0, 3 or 66
 *   --heddle-stable               before it: in the form of stored reports
 *   --heddle-minimize FILE...     find the smallest schedule with the same bug, write FILE.min
 *   --heddle-output=FILE          before it: there instead
 *   --heddle-explain FILE         tell its story, as heddle explain does, with, before it,
 *   --heddle-explain-form=json, -width=N, -out=FILE, -html=FILE, -sarif=FILE, -perfetto=FILE
 *   --heddle-digests=N[:SEED[:GRAIN]]
 *                                 run N generated inputs of SEED, all of GRAIN (sync), and print
 *                                 one digest of them all
 */
#ifndef HEDDLE_STANDALONE_H
#define HEDDLE_STANDALONE_H

/* Read the options, choose the target, and do what --heddle-replay, --heddle-minimize,
 * --heddle-explain or --heddle-digests ask (these do not return). Wrong options end the process
 * with one line and status 2. Arguments that do not begin with --heddle- are the engine's; a bare
 * -- is allowed. */
void standalone_start(int argc, char **argv);

#endif
