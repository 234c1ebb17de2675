// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Names of return addresses, and the ways in which the programs that know them can fail.
 *
 * Includes symbolize.c, to look at its parts and shorten its patience; linked with tool.c. Some
 * tests start this program again ("probe ..."): elsewhere, with closed descriptors, or unlinked.
 */
#include "symbolize.c"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

__attribute__((weak)) void fault_internal(const char *what, const char *file, int line)
{
    (void)what, (void)file, (void)line;
    abort();
}

/* ---- Addresses to name -------------------------------------------------------------------- */

static __attribute__((noinline)) const void *here(void)
{
    __asm__ volatile("");
    return __builtin_return_address(0);
}

enum { HERE_LINE = __LINE__ + 3 };
static inline __attribute__((always_inline)) const void *inner_subject(void)
{
    const void *pc = here();
    __asm__ volatile("");
    return pc;
}

static __attribute__((noinline)) const void *outer_subject(void)
{
    const void *pc = inner_subject();
    __asm__ volatile("");
    return pc;
}

/* Their bodies differ, or gcc -O2 (-fipa-icf) would make one function of them. */
static __attribute__((noinline)) const void *other_subject(void)
{
    const void *pc = here();
    __asm__ volatile("# other");
    return pc;
}

const void *clone_subject(void) __asm__("clone_subject.constprop.0");
__attribute__((noinline)) const void *clone_subject(void)
{
    const void *pc = here();
    __asm__ volatile("# clone");
    return pc;
}

const void *cpp_subject(void) __asm__("_ZN2ns11cpp_subjectIiEEvT_");
__attribute__((noinline)) const void *cpp_subject(void)
{
    const void *pc = here();
    __asm__ volatile("# cpp");
    return pc;
}

static jmp_buf left;
static const void *volatile left_pc;

static __attribute__((noinline)) _Noreturn void leave(void)
{
    left_pc = __builtin_return_address(0);
    longjmp(left, 1);
}

/* Optimized, its last instruction is the call: the return address belongs to what follows. */
static __attribute__((noinline)) void noreturn_subject(void) { leave(); }

static const void *noreturn_pc(void)
{
    if (setjmp(left) == 0) noreturn_subject();
    return left_pc;
}

/* ---- Surroundings ------------------------------------------------------------------------- */

static char *usual_path;

/* Drop the answers, keep the helper. */
static void forget(void)
{
    for (size_t i = 0; i < symbolizer.slot_count; i++)
        free((void *)(uintptr_t)symbolizer.slots[i].entry);
    free(symbolizer.slots);
    symbolizer.slots = NULL;
    symbolizer.slot_count = symbolizer.used_count = 0;
}

static void start_anew(const char *path, int patience_ms)
{
    forget();
    tool_stop(&symbolizer.llvm);
    symbolizer.llvm_searched = symbolizer.addr2line_searched = false;
    symbolizer.restarts_left = RESTARTS_MAX;
    symbolizer.patience_ms = patience_ms;
    assert_int_equal(setenv("PATH", path, 1), 0);
}

static int setup(void **state)
{
    (void)state;
    start_anew(usual_path, PATIENCE_MS);
    return 0;
}

static bool has_tool(const char *name)
{
    char path[MODULE_BYTES];
    return tool_find(name, NULL, path, sizeof path);
}

static void need_llvm(void)
{
    start_llvm();
    if (!symbolizer.llvm.running) skip();
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status, (void)type, (void)ftw;
    return remove(path);
}

static void remove_directory(const char *directory)
{
    nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A new directory with an executable script of that name in it. Caller removes it. */
static void make_tool(char directory[32], const char *name, const char *script)
{
    strcpy(directory, "/tmp/symbolize_testXXXXXX");
    assert_non_null(mkdtemp(directory));
    char path[64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out, "#!/bin/sh\n%s\n", script);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

/* ---- Probes: this program once more ------------------------------------------------------- */

static int probe(const char *mode, const char *file)
{
    if (strcmp(mode, "closed") == 0)
        for (int fd = 0; fd <= 2; fd++) close(fd);
    if (strcmp(mode, "unlinked") == 0) {
        char path[MODULE_BYTES];
        if (!program_path(path) || unlink(path) != 0) return 3;
    }
    const void *const pcs[] = {outer_subject(), other_subject(), noreturn_pc()};
    char text[4096] = "";
    for (size_t i = 0; i < sizeof pcs / sizeof pcs[0]; i++) {
        struct source_frame frames[SOURCE_FRAMES_MAX];
        size_t count = symbolize(pcs[i], frames), used = strlen(text);
        uintptr_t offset = 0;
        char module[MODULE_BYTES];
        if (!symbolize_module(pcs[i], module, sizeof module, &offset)) return 4;
        snprintf(text + used, sizeof text - used, "%zu %s %s:%d:%d 0x%lx\n", count,
                 frames[0].function, frames[0].file, frames[0].line, frames[0].column,
                 (unsigned long)offset);
    }
    if (strcmp(mode, "pid") == 0) snprintf(text, sizeof text, "%ld\n", (long)symbolizer.llvm.pid);
    if (strcmp(mode, "closed") == 0)
        for (int fd = 0; fd <= 2; fd++)
            if (fcntl(fd, F_GETFD) != -1) return 5;
    int out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0 || write(out, text, strlen(text)) != (ssize_t)strlen(text)) return 6;
    /* Leaves without stopping the helper. */
    _exit(0);
}

static void run_probe(const char *program, const char *mode, char *text, size_t text_bytes)
{
    char file[] = "/tmp/symbolize_probeXXXXXX";
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execl(program, program, "probe", mode, file, (char *)NULL);
        _exit(9);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    ssize_t got = read(fd, text, text_bytes - 1);
    assert_true(got > 0);
    text[got] = '\0';
    close(fd);
    unlink(file);
}

/* ---- Names -------------------------------------------------------------------------------- */

static void the_innermost_inlined_function_comes_first(void **state)
{
    (void)state;
    struct source_frame frames[SOURCE_FRAMES_MAX];
    const void *pc = outer_subject();
    size_t count = symbolize(pc, frames);
    assert_true(count >= 2);
    assert_string_equal(frames[0].function, "inner_subject");
    assert_string_equal(frames[1].function, "outer_subject");
    assert_string_equal(symbolize_function(pc), "inner_subject");
    assert_int_equal(frames[0].line, HERE_LINE);
    assert_int_equal(frames[0].file[0], '/');
    assert_string_equal(strrchr(frames[0].file, '/'), "/symbolize_test.c");
    assert_null(strstr(frames[0].file, "/../"));
    assert_null(strstr(frames[0].file, "/./"));
}

static void a_call_that_never_returns_belongs_to_its_caller(void **state)
{
    (void)state;
    assert_string_equal(symbolize_function(noreturn_pc()), "noreturn_subject");
}

static void suffixes_of_clones_are_cut(void **state)
{
    (void)state;
    assert_string_equal(symbolize_function(clone_subject()), "clone_subject");
}

static void cpp_functions_have_neither_parameters_nor_return_types(void **state)
{
    (void)state;
    need_llvm();
    assert_string_equal(symbolize_function(cpp_subject()), "ns::cpp_subject<int>");
}

static void function_names_are_one_word(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *expect;
    } rows[] = {
        {"worker", "worker"},
        {"worker.constprop.0", "worker"},
        {"worker.isra.0.cold", "worker"},
        {"worker.llvm.123456", "worker"},
        {".omp_outlined.", ".omp_outlined."},
        {"??", ""},
        {"", ""},
        {"(null)", ""},
        {"<null>", ""},
        {"ns::worker(int)", "ns::worker"},
        {"worker(int) [clone .constprop.0]", "worker"},
        {"worker(int) (.constprop.0)", "worker"},
        {"int ns::work<double>(double)", "ns::work<double>"},
        {"std::map<int, char> make<int, char>(int, char)", "make<int,char>"},
        {"(anonymous namespace)::worker(int)", "worker"},
        {"ns::(anonymous namespace)::A::run()", "ns::A::run"},
        {"ns::A::operator()(int) const", "ns::A::operator()"},
        {"void ns::A::operator()<int>(int) const", "ns::A::operator()<int>"},
        {"ns::operator<<(ns::A const&, int)", "ns::operator<<"},
        {"ns::A::operator bool() const", "ns::A::operator_bool"},
        {"ns::A::operator->()", "ns::A::operator->"},
        {"my_operator(int)", "my_operator"},
        {"work<(anonymous namespace)::A>(int)", "work<A>"},
        {"f(int)::{lambda(int)#1}::operator()(int) const", "f"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[128];
        tidy_function(rows[i].name, out, sizeof out);
        assert_string_equal(out, rows[i].expect);
    }
    char name[300], out[128];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    tidy_function(name, out, sizeof out);
    assert_int_equal(strlen(out), sizeof out - 1);
}

static void paths_have_no_detours(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *expect;
    } rows[] = {
        {"/a/b/c.c", "/a/b/c.c"},
        {"/a/./b//c.c", "/a/b/c.c"},
        {"/a/x/../b/c.c", "/a/b/c.c"},
        {"/a/x/y/../../c.c", "/a/c.c"},
        {"/../../c.c", "/c.c"},
        {"./b/c.c", "b/c.c"},
        {"../b/c.c", "../b/c.c"},
        {"a/../b.c", "b.c"},
        {"", ""},
        {"/a/..b/.c", "/a/..b/.c"},
        {"/", ""},
        {"a/../../b.c", "../b.c"},
        {"../../b.c", "../../b.c"},
        {"../a/../b.c", "../b.c"},
        {"csu/../a/b.c", "a/b.c"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[512];
        tidy_path(rows[i].path, out, sizeof out);
        assert_string_equal(out, rows[i].expect);
    }
    char small[8];
    tidy_path("/abc/defghijk/l", small, sizeof small);
    assert_string_equal(small, "/abc");
}

static void answers_of_all_versions_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        bool has_column;
        const char *expect; /* function file line column, ";" after each */
    } rows[] = {
        {"f\n/a/b.c:3:7\ng\n/a/c.c:4:1\n\n", true, "f /a/b.c 3 7;g /a/c.c 4 1;"},
        {"f\n??:0:0\n\n", true, "f  0 0;"},
        {"??\n??:0:0\n\n", true, "  0 0;"},
        {"f\ncrtstuff.c:0:0\n\n", true, "f  0 0;"},
        {"f\n/a/b.c:0:0\n\n", true, "f /a/b.c 0 0;"},
        {"f\n/a:b/c d.c:3:7\n\n", true, "f /a:b/c d.c 3 7;"},
        {"f\n/a/b.c:3 (discriminator 2)\n", false, "f /a/b.c 3 0;"},
        {"f\n/a/b.c:?\n", false, "f /a/b.c 0 0;"},
        {"??\n??:0\n", false, "  0 0;"},
        {"f\n/a/b.c:99999999999\n", false, "f /a/b.c 0 0;"},
        {"f\n/a/b.c:-3:2\n\n", true, "f /a/b.c:-3 0 0;"},
        {"f\n", false, ""},
        {"f", false, ""},
        {"\n\n", true, ""},
        {"", true, ""},
        {"1\n/:1:1\n2\n/:1:1\n3\n/:1:1\n4\n/:1:1\n5\n/:1:1\n6\n/:1:1\n7\n/:1:1\n8\n/:1:1\n"
         "9\n/:1:1\n",
         true, "1  1 1;2  1 1;3  1 1;4  1 1;5  1 1;6  1 1;7  1 1;8  1 1;"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct source_frame frames[SOURCE_FRAMES_MAX];
        memset(frames, 0, sizeof frames);
        char answer[256], got[512] = "";
        strcpy(answer, rows[i].answer);
        size_t count = parse_pairs(answer, rows[i].has_column, frames);
        for (size_t f = 0; f < count; f++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%.99s %.99s %d %d;",
                     frames[f].function, frames[f].file, frames[f].line, frames[f].column);
        assert_string_equal(got, rows[i].expect);
    }
}

static void answers_of_a_sanitizer_are_understood(void **state)
{
    (void)state;
    char answer[] = "f.isra.0\t/a/b.c\t3\t7\0g\t(null)\t0\t0\0\0never\t/x\t1\t1";
    struct source_frame frames[SOURCE_FRAMES_MAX];
    memset(frames, 0, sizeof frames);
    assert_int_equal(parse_strings(answer, sizeof answer, frames), 2);
    assert_string_equal(frames[0].function, "f");
    assert_string_equal(frames[0].file, "/a/b.c");
    assert_int_equal(frames[0].line, 3);
    assert_string_equal(frames[1].function, "g");
    assert_string_equal(frames[1].file, "");
    if (!__sanitizer_symbolize_pc) return;
    assert_true(ask_sanitizer(other_subject(), frames) >= 1);
    assert_string_equal(frames[0].function, "other_subject");
}

static void wild_addresses_are_unknown_and_harmless(void **state)
{
    (void)state;
    void *heap = malloc(16);
    const void *const pcs[] = {NULL, (const void *)1, heap, state, (const void *)UINTPTR_MAX};
    for (size_t i = 0; i < sizeof pcs / sizeof pcs[0]; i++) {
        struct source_frame frames[SOURCE_FRAMES_MAX];
        char module[64];
        uintptr_t offset = 1;
        assert_int_equal(symbolize(pcs[i], frames), 1);
        assert_string_equal(frames[0].function, "");
        assert_string_equal(frames[0].file, "");
        assert_string_equal(symbolize_function(pcs[i]), "");
        assert_false(symbolize_module(pcs[i], module, sizeof module, &offset));
        assert_string_equal(module, "");
        assert_int_equal(offset, 0);
    }
    assert_int_equal(symbolizer.used_count, sizeof pcs / sizeof pcs[0] - 1); /* all but NULL */
    free(heap);
}

/* ---- The cache ---------------------------------------------------------------------------- */

static void a_name_is_asked_for_once(void **state)
{
    (void)state;
    const void *pc = outer_subject();
    const char *name = symbolize_function(pc);
    start_llvm();
    const pid_t helper = symbolizer.llvm.pid;
    assert_int_equal(kill(helper, SIGSTOP), 0); /* who asked now would wait for patience's end */
    for (int i = 0; i < 1000; i++)
        if (symbolize_function(pc) != name) fail();
    assert_int_equal(kill(helper, SIGCONT), 0);
    assert_int_equal(symbolizer.llvm.pid, helper); /* it was not given up: nobody waited */
    assert_int_equal(symbolizer.used_count, 1);
}

static void thousands_of_addresses_are_kept_apart(void **state)
{
    (void)state;
    need_llvm();
    enum { COUNT = 2000 };
    static const char *names[COUNT]; /* safe: one thread */
    const char *text = (const char *)(uintptr_t)&parse_pairs;
    for (size_t i = 0; i < COUNT; i++) names[i] = symbolize_function(text + i + 1);
    assert_int_equal(symbolizer.used_count, COUNT);
    assert_true(symbolizer.slot_count > SLOTS_MIN);
    assert_string_equal(names[0], "parse_pairs");
    size_t others = 0;
    for (size_t i = 0; i < COUNT; i++) {
        if (symbolize_function(text + i + 1) != names[i]) fail();
        if (strcmp(names[i], "parse_pairs") != 0) others++;
    }
    assert_true(others > 0);
    assert_int_equal(symbolizer.used_count, COUNT);
}

/* ---- Helpers that fail -------------------------------------------------------------------- */

static void a_killed_helper_is_started_again_and_kills_nobody(void **state)
{
    (void)state;
    need_llvm();
    const void *pc = other_subject();
    for (int i = 0; i < 8; i++) {
        assert_string_equal(symbolize_function(pc), "other_subject");
        pid_t helper = symbolizer.llvm.pid;
        if (i <= RESTARTS_MAX) {
            siginfo_t info;
            assert_int_equal(kill(helper, SIGKILL), 0);
            /* Once it is dead, the next question would be our SIGPIPE. */
            assert_int_equal(waitid(P_PID, (id_t)helper, &info, WEXITED | WNOWAIT), 0);
        } else {
            assert_false(symbolizer.llvm.running); /* addr2line by now */
        }
        forget();
        if (i == RESTARTS_MAX + 1 && !has_tool("addr2line")) return;
    }
}

static void a_bad_helper_costs_patience_and_nothing_else(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "exit 0",
        "exec sleep 60",
        "cat >/dev/null",
        "while read x; do echo garbage; done",
        "exec yes",
        "read x; kill -9 $$",
        "read x; printf 'half'; exit 1",
        "exec <&-; sleep 60",
    };
    const bool has_addr2line = has_tool("addr2line");
    const void *pc = other_subject();
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        char directory[32], path[4096];
        make_tool(directory, "llvm-symbolizer", scripts[i]);
        snprintf(path, sizeof path, "%s:%s", directory, usual_path);
        start_anew(path, 1000);
        double start = seconds();
        const char *name = symbolize_function(pc);
        if (has_addr2line) assert_string_equal(name, "other_subject");
        assert_true(seconds() - start < 3); /* patience is lost once, not at each restart */
        assert_false(symbolizer.llvm.running);
        assert_string_equal(symbolizer.llvm_path, ""); /* and is not tried again */
        remove_directory(directory);
    }
}

static void an_answer_is_whole_or_none(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        const char *end;    /* NULL: until it closes its output */
        const char *expect; /* NULL: no answer */
    } rows[] = {
        {"echo a; echo; sleep 60", "\n\n", "a\n\n"},
        {"echo a; sleep 0.1; echo b; echo; sleep 60", "\n\n", "a\nb\n\n"},
        {"echo a", "\n\n", NULL},
        {"echo a; exit 1", NULL, "a\n"},
        {"exit 0", NULL, ""},
        {"echo 23456789abcdef", NULL, NULL},
        {"echo 23456789abcdef; echo", "\n\n", NULL},
        {"read question; echo $question; exit 0", "\n", "ask\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char directory[32], path[64], answer[16];
        make_tool(directory, "helper", rows[i].script);
        snprintf(path, sizeof path, "%s/helper", directory);
        struct tool tool;
        assert_true(tool_start(&tool, (char *[]){path, NULL}));
        bool answered =
            tool_ask(&tool, rows[i].end ? "ask\n" : "", rows[i].end, answer, sizeof answer, 5000);
        assert_int_equal(answered, rows[i].expect != NULL);
        if (rows[i].expect) assert_string_equal(answer, rows[i].expect);
        assert_int_equal(tool.running, answered && rows[i].end);
        tool_stop(&tool);
        assert_false(tool.running);
        remove_directory(directory);
    }
    struct tool tool;
    assert_false(tool_start(&tool, (char *[]){"/nonexistent/helper", NULL}));
    assert_false(tool_ask(&tool, "ask\n", NULL, (char[8]){0}, 8, 1000));
    tool_stop(&tool);
}

static void without_any_tool_there_are_module_and_offset(void **state)
{
    (void)state;
    const void *pc = other_subject();
    start_anew("/nonexistent", 2000);
    const char *name = symbolize_function(pc);
    if (!__sanitizer_symbolize_pc) assert_string_equal(name, "");
    char module[MODULE_BYTES], expect[MODULE_BYTES];
    uintptr_t offset = 0;
    assert_true(symbolize_module(pc, module, sizeof module, &offset));
    assert_true(program_path(expect));
    assert_string_equal(module, expect);
    assert_true(offset > 0);
    char small[4];
    assert_true(symbolize_module(pc, small, sizeof small, &offset));
    assert_memory_equal(small, expect, 3);
}

static void addr2line_gives_the_same_names(void **state)
{
    (void)state;
    if (!has_tool("addr2line") || !has_tool("llvm-symbolizer")) skip();
    const void *const pcs[] = {outer_subject(), other_subject(), clone_subject(), noreturn_pc()};
    struct source_frame llvm[4][SOURCE_FRAMES_MAX], gnu[SOURCE_FRAMES_MAX];
    size_t counts[4];
    for (size_t i = 0; i < 4; i++) counts[i] = symbolize(pcs[i], llvm[i]);
    start_anew(usual_path, PATIENCE_MS);
    symbolizer.llvm_searched = true;
    symbolizer.llvm_path[0] = '\0';
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(symbolize(pcs[i], gnu), counts[i]);
        for (size_t f = 0; f < counts[i]; f++) {
            assert_string_equal(gnu[f].function, llvm[i][f].function);
            assert_string_equal(gnu[f].file, llvm[i][f].file);
            assert_int_equal(gnu[f].line, llvm[i][f].line);
            assert_int_equal(gnu[f].column, 0);
        }
    }
    assert_false(symbolizer.llvm.running);
}

/* ---- Processes ---------------------------------------------------------------------------- */

static void two_processes_give_the_same_names(void **state)
{
    (void)state;
    char first[4096], second[4096], closed[4096];
    run_probe("/proc/self/exe", "plain", first, sizeof first);
    run_probe("/proc/self/exe", "plain", second, sizeof second);
    run_probe("/proc/self/exe", "closed", closed, sizeof closed);
    assert_string_equal(first, second);
    assert_string_equal(first, closed); /* and probe saw that descriptors 0 to 2 stayed closed */
    assert_non_null(strstr(first, " inner_subject /"));
    assert_non_null(strstr(first, " other_subject /"));
}

static void a_program_that_was_rebuilt_meanwhile_is_not_mixed_up(void **state)
{
    (void)state;
    char directory[32], program[64], command[256], plain[4096], text[4096];
    make_tool(directory, "unused", "");
    snprintf(program, sizeof program, "%s/copy", directory);
    snprintf(command, sizeof command, "cp /proc/%ld/exe %s", (long)getpid(), program);
    assert_int_equal(system(command), 0);
    run_probe("/proc/self/exe", "plain", plain, sizeof plain);
    run_probe(program, "unlinked", text, sizeof text);
    assert_string_equal(text, plain);
    remove_directory(directory);
}

static void a_helper_leaves_when_we_die(void **state)
{
    (void)state;
    need_llvm();
    char text[64];
    run_probe("/proc/self/exe", "pid", text, sizeof text);
    pid_t helper = (pid_t)strtol(text, NULL, 10);
    assert_true(helper > 1);
    char stat_path[64];
    snprintf(stat_path, sizeof stat_path, "/proc/%ld/stat", (long)helper);
    bool gone = false;
    for (int i = 0; i < 500 && !gone; i++) {
        FILE *in = fopen(stat_path, "r");
        char line[256] = "";
        gone = !in || !fgets(line, sizeof line, in) || strstr(line, ") Z ");
        if (in) fclose(in);
        if (!gone) poll(NULL, 0, 10);
    }
    assert_true(gone);
}

static void a_helper_inherits_nothing_of_ours(void **state)
{
    (void)state;
    int ours[2];
    assert_int_equal(pipe(ours), 0); /* not close-on-exec, as a program under test may do */
    assert_int_equal(setenv("DEBUGINFOD_URLS", "http://127.0.0.1:9", 1), 0);
    need_llvm();
    assert_string_equal(symbolize_function(other_subject()), "other_subject");
    for (int fd = 0; fd < 1024; fd++) {
        char link[64], target[256];
        snprintf(link, sizeof link, "/proc/%ld/fd/%d", (long)symbolizer.llvm.pid, fd);
        ssize_t length = readlink(link, target, sizeof target - 1);
        if (length < 0) continue;
        target[length] = '\0';
        const char *expect = fd <= 1 ? "socket:" : fd == 2 ? "/dev/null" : "/";
        assert_true(starts_with(target, expect)); /* what it opened itself are files */
    }
    char environment[64], text[4096];
    snprintf(environment, sizeof environment, "/proc/%ld/environ", (long)symbolizer.llvm.pid);
    int fd = open(environment, O_RDONLY | O_CLOEXEC);
    ssize_t bytes = read(fd, text, sizeof text);
    assert_true(bytes > 0);
    assert_non_null(memmem(text, (size_t)bytes, "PATH=", 5));
    assert_null(memmem(text, (size_t)bytes, "DEBUGINFOD", 10)); /* it would ask the network */
    close(fd);
    unsetenv("DEBUGINFOD_URLS");
    assert_int_not_equal(fcntl(symbolizer.llvm.socket, F_GETFD) & FD_CLOEXEC, 0);
    assert_true(symbolizer.llvm.socket > 2);
    close(ours[0]);
    close(ours[1]);
}

static void a_fork_does_not_share_the_helper(void **state)
{
    (void)state;
    need_llvm();
    assert_string_equal(symbolize_function(other_subject()), "other_subject");
    const pid_t helper = symbolizer.llvm.pid;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        forget();
        bool good = true;
        for (int i = 0; i < 100; i++, forget())
            good &= strcmp(symbolize_function(outer_subject()), "inner_subject") == 0;
        good &= symbolizer.llvm.pid != helper;
        _exit(good ? 0 : 1);
    }
    for (int i = 0; i < 100; i++, forget())
        assert_string_equal(symbolize_function(noreturn_pc()), "noreturn_subject");
    int status = 1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(symbolizer.llvm.pid, helper);
}

static volatile sig_atomic_t alarms;

static void count_alarm(int signal)
{
    (void)signal;
    alarms++;
}

static void signals_do_not_disturb_a_question(void **state)
{
    (void)state;
    struct sigaction count = {.sa_handler = count_alarm}, before;
    sigaction(SIGALRM, &count, &before);
    struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    bool good = true;
    for (int i = 0; i < 50; i++, forget())
        good &= strcmp(symbolize_function(other_subject()), "other_subject") == 0;
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    assert_true(good);
    assert_true(alarms > 0);
    assert_int_equal(symbolizer.restarts_left, RESTARTS_MAX);
    assert_int_equal(symbolizer.llvm_path[0] != '\0', has_tool("llvm-symbolizer"));
}

int main(int argc, char **argv)
{
    usual_path = strdup(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
    if (argc == 4 && strcmp(argv[1], "probe") == 0) return probe(argv[2], argv[3]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_innermost_inlined_function_comes_first, setup),
        cmocka_unit_test_setup(a_call_that_never_returns_belongs_to_its_caller, setup),
        cmocka_unit_test_setup(suffixes_of_clones_are_cut, setup),
        cmocka_unit_test_setup(cpp_functions_have_neither_parameters_nor_return_types, setup),
        cmocka_unit_test_setup(function_names_are_one_word, setup),
        cmocka_unit_test_setup(paths_have_no_detours, setup),
        cmocka_unit_test_setup(answers_of_all_versions_are_understood, setup),
        cmocka_unit_test_setup(answers_of_a_sanitizer_are_understood, setup),
        cmocka_unit_test_setup(wild_addresses_are_unknown_and_harmless, setup),
        cmocka_unit_test_setup(a_name_is_asked_for_once, setup),
        cmocka_unit_test_setup(thousands_of_addresses_are_kept_apart, setup),
        cmocka_unit_test_setup(a_killed_helper_is_started_again_and_kills_nobody, setup),
        cmocka_unit_test_setup(a_bad_helper_costs_patience_and_nothing_else, setup),
        cmocka_unit_test_setup(an_answer_is_whole_or_none, setup),
        cmocka_unit_test_setup(without_any_tool_there_are_module_and_offset, setup),
        cmocka_unit_test_setup(addr2line_gives_the_same_names, setup),
        cmocka_unit_test_setup(two_processes_give_the_same_names, setup),
        cmocka_unit_test_setup(a_program_that_was_rebuilt_meanwhile_is_not_mixed_up, setup),
        cmocka_unit_test_setup(a_helper_leaves_when_we_die, setup),
        cmocka_unit_test_setup(a_helper_inherits_nothing_of_ours, setup),
        cmocka_unit_test_setup(a_fork_does_not_share_the_helper, setup),
        cmocka_unit_test_setup(signals_do_not_disturb_a_question, setup),
    };
    int failed = cmocka_run_group_tests_name("symbolize", tests, NULL, NULL);
    start_anew(usual_path, PATIENCE_MS);
    free(usual_path);
    return failed;
}
