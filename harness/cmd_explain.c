// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle explain: the story of one execution, of a kernel here or of another program's target. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "explained.h"
#include "recorded.h"

static const char help[] =
    "usage: heddle explain [NAME | --target PROGRAM] FILE [--json] [--html FILE]\n"
    "       [--sarif FILE] [--perfetto FILE] [-o FILE] [--width N]\n\n"
    "Runs FILE and tells what happened, step by step: who did what, which switches the\n"
    "schedule forced, who waits for whom at the end, and how the nearest schedule that\n"
    "passes differs. Which kernel it is of is found as by heddle replay.\n\n"
    "  --target PROGRAM       FILE is an input of this program, which runs it\n"
    "  --json                 one JSON object (docs/story.schema.json)\n"
    "  --html FILE            also as a page that needs nothing but itself\n"
    "  --sarif FILE           also as SARIF 2.1.0, for code scanning services\n"
    "  --perfetto FILE        also as Chrome trace events: open FILE in ui.perfetto.dev\n"
    "  -o FILE                there instead of to stdout\n"
    "  --width N              columns of the text (100)\n"
    "  --variant buggy|fixed  as recorded, else buggy\n\n"
    "exit status: 66 a bug was reported, 3 cut by a limit, 0 neither\n";

static const struct option long_options[] = {
    {"target", required_argument, NULL, 't'},
    {"json", no_argument, NULL, 'j'},
    {"html", required_argument, NULL, 'H'},
    {"sarif", required_argument, NULL, 'S'},
    {"perfetto", required_argument, NULL, 'P'},
    {"width", required_argument, NULL, 'w'},
    {"variant", required_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct explain_call {
    struct explained_options explained;
    enum cli_variant variant; /* 0: from the file */
    const char *program;      /* --target; NULL: a kernel of ours */
};

/* ---- Another program's target ---------------------------------------------------------------- */

enum { OPTION_BYTES = ARTIFACT_PATH_BYTES + 64, OPTIONS_MAX = 16 };

struct command {
    char text[OPTIONS_MAX][OPTION_BYTES];
    char *argv[OPTIONS_MAX + 1];
    size_t count;
    bool fits;
};

/* value NULL: nothing is added. */
static void add_option(struct command *c, const char *name, const char *value)
{
    if (!value) return;
    int length = snprintf(c->text[c->count], OPTION_BYTES, "%s%s", name, value);
    c->fits &= length >= 0 && length < OPTION_BYTES;
    c->argv[c->count] = c->text[c->count];
    c->count++;
}

/* It becomes the program, whose --heddle-explain (standalone.h) does what is asked. */
static enum status explain_target(const char *file, const struct explain_call *call)
{
    static struct command c; /* safe: once */
    const struct explained_options *e = &call->explained;
    char width[24];
    snprintf(width, sizeof width, "%zu", e->width);
    c.fits = true;
    add_option(&c, "", call->program);
    add_option(&c, "--heddle-explain-form=", e->json ? "json" : NULL);
    add_option(&c, "--heddle-explain-width=", e->width ? width : NULL);
    add_option(&c, "--heddle-explain-out=", e->out);
    add_option(&c, "--heddle-explain-html=", e->html);
    add_option(&c, "--heddle-explain-sarif=", e->sarif);
    add_option(&c, "--heddle-explain-perfetto=", e->perfetto);
    if (call->variant)
        add_option(&c, "--heddle-variant=", call->variant == CLI_FIXED ? "fixed" : "buggy");
    add_option(&c, "--heddle-explain", "");
    add_option(&c, "", file);
    if (!c.fits) return status_usage("%s: a path is too long", call->program);
    execv(c.argv[0], c.argv);
    return status_usage("%s: %s", call->program, strerror(errno));
}

/* ---- A kernel -------------------------------------------------------------------------------- */

static enum status explain_kernel(const char *file, const char *name,
                                  const struct explain_call *call)
{
    struct recorded recorded;
    if (access(file, R_OK) != 0) return status_usage("%s: %s", file, strerror(errno));
    enum status status = recorded_find(file, name, call->variant, &recorded);
    if (status != STATUS_OK) return status;
    recorded_open(&recorded);
    return explained_file(file, &call->explained);
}

/* ---- Arguments ------------------------------------------------------------------------------- */

static bool set_width(const char *text, size_t *width)
{
    uint64_t number;
    if (!cli_number("--width", text, EXPLAINED_WIDTH_MIN, EXPLAINED_WIDTH_MAX, &number))
        return false;
    *width = (size_t)number;
    return true;
}

/* STATUS_OK, or what the call ends with. */
static enum status read_option(int option, struct explain_call *call)
{
    struct explained_options *e = &call->explained;
    switch (option) {
    case 't':
        call->program = optarg;
        return STATUS_OK;
    case 'j':
        e->json = true;
        return STATUS_OK;
    case 'H':
        e->html = optarg;
        return STATUS_OK;
    case 'S':
        e->sarif = optarg;
        return STATUS_OK;
    case 'P':
        e->perfetto = optarg;
        return STATUS_OK;
    case 'o':
        e->out = optarg;
        return STATUS_OK;
    case 'w':
        return set_width(optarg, &e->width) ? STATUS_OK : STATUS_USAGE;
    case 'v':
        return cli_variant(optarg, false, &call->variant) ? STATUS_OK : STATUS_USAGE;
    default:
        return STATUS_USAGE;
    }
}

enum status cmd_explain(int argc, char **argv)
{
    struct explain_call call = {0};
    for (int o; (o = getopt_long(argc, argv, "o:", long_options, NULL)) != -1;) {
        if (o == 'h') return cli_help(help);
        enum status status = read_option(o, &call);
        if (status != STATUS_OK) return status;
    }
    if (optind == argc) return status_usage("which file? See heddle explain --help");
    const char *name = NULL;
    if (!call.program && recorded_is_name(argv[optind], argc - optind)) name = argv[optind++];
    if (optind + 1 < argc) return status_usage("%s: one file at a time", argv[optind + 1]);
    call.explained.name = name;
    return call.program ? explain_target(argv[optind], &call)
                        : explain_kernel(argv[optind], name, &call);
}
