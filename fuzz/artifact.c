// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Artifact folders: written whole or not at all, read back for replay.
 *
 * The three files are made in a hidden folder beside the final one, flushed to disk, and the
 * folder is renamed. If there is a folder of that name already, it is exchanged in one step when
 * the new input is shorter. Several processes may do this at once. Nothing here decides what a
 * finding is.
 */
#include "artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace.h"

static const char *const file_names[] = {"input", "report.txt", "trace.json"};
enum { FILE_COUNT = 3, NAME_BYTES_MAX = 200 };

struct paths {
    char parent[ARTIFACT_PATH_BYTES]; /* <directory>/<target> */
    char making[ARTIFACT_PATH_BYTES]; /* the hidden folder in it */
    char final[ARTIFACT_PATH_BYTES];
};

__attribute__((format(printf, 2, 3))) static bool fail(struct artifact_place *place,
                                                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(place->error, sizeof place->error, format, arguments);
    va_end(arguments);
    place->input[0] = '\0';
    return false;
}

__attribute__((format(printf, 2, 3))) static bool path_into(char out[ARTIFACT_PATH_BYTES],
                                                            const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(out, ARTIFACT_PATH_BYTES, format, arguments);
    va_end(arguments);
    return length >= 0 && length < ARTIFACT_PATH_BYTES;
}

/* A name that is one component of a path whatever functions are called: [A-Za-z0-9._-], not
 * hidden. */
static void file_name_of(const char *name, char out[NAME_BYTES_MAX + 1])
{
    size_t i = 0;
    for (; name[i] != '\0' && i < NAME_BYTES_MAX; i++) {
        char c = name[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_' || (c == '.' && i > 0);
        out[i] = plain ? c : '_';
    }
    out[i] = '\0';
}

static bool make_paths(const struct artifact *a, struct paths *p)
{
    char target[NAME_BYTES_MAX + 1];
    char signature[NAME_BYTES_MAX + 1];
    file_name_of(a->target, target);
    file_name_of(a->signature, signature);
    return path_into(p->parent, "%s/%s", a->directory, target) &&
           path_into(p->making, "%s/.%s.%ld", p->parent, signature, (long)getpid()) &&
           path_into(p->final, "%s/%s", p->parent, signature);
}

static bool make_folders(const char *path)
{
    char part[ARTIFACT_PATH_BYTES];
    for (const char *slash = path; slash;) {
        slash = strchr(slash + 1, '/');
        size_t length = slash ? (size_t)(slash - path) : strlen(path);
        memcpy(part, path, length);
        part[length] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) return false;
    }
    return true;
}

static void remove_folder(const char *path)
{
    char file[ARTIFACT_PATH_BYTES];
    for (size_t i = 0; i < FILE_COUNT; i++)
        if (path_into(file, "%s/%s", path, file_names[i])) unlink(file);
    rmdir(path);
}

static bool print_file(FILE *out, const struct artifact *a, size_t which)
{
    switch (which) {
    case 0:
        return fwrite(a->input, 1, a->input_bytes, out) == a->input_bytes;
    case 1:
        return fputs(a->report, out) >= 0;
    default:
        return trace_print(out, a);
    }
}

static bool write_files(const struct artifact *a, const struct paths *p)
{
    char file[ARTIFACT_PATH_BYTES];
    for (size_t i = 0; i < FILE_COUNT; i++) {
        if (!path_into(file, "%s/%s", p->making, file_names[i])) return false;
        FILE *out = fopen(file, "wb");
        if (!out) return false;
        bool ok = print_file(out, a, i) && fflush(out) == 0 && fsync(fileno(out)) == 0;
        int error = errno;
        ok = fclose(out) == 0 && ok;
        if (ok) continue;
        if (error) errno = error;
        return false;
    }
    return true;
}

/* Size of the input in the folder, SIZE_MAX if there is none. */
static size_t input_bytes_in(const char *folder)
{
    char file[ARTIFACT_PATH_BYTES];
    struct stat status;
    if (!path_into(file, "%s/%s", folder, file_names[0]) || stat(file, &status) != 0)
        return SIZE_MAX;
    return (size_t)status.st_size;
}

/* The made folder gets its name. An old one of that name is exchanged for it and removed. */
static bool publish(const struct paths *p)
{
    if (rename(p->making, p->final) == 0) return true;
    if (errno != EEXIST && errno != ENOTEMPTY) return false;
    if (renameat2(AT_FDCWD, p->making, AT_FDCWD, p->final, RENAME_EXCHANGE) == 0) {
        remove_folder(p->making);
        return true;
    }
    /* Not every file system can exchange: move the old one away. */
    char old[ARTIFACT_PATH_BYTES];
    if (!path_into(old, "%s.old", p->making) || rename(p->final, old) != 0) return false;
    if (rename(p->making, p->final) != 0) return false;
    remove_folder(old);
    return true;
}

bool artifact_write(const struct artifact *a, struct artifact_place *place)
{
    struct paths p;
    *place = (struct artifact_place){0};
    if (!make_paths(a, &p) || !path_into(place->input, "%s/input", p.final))
        return fail(place, "artifact not written: path too long");
    if (input_bytes_in(p.final) <= a->input_bytes) {
        place->kept = true;
        return true;
    }
    errno = 0;
    if (!make_folders(p.parent))
        return fail(place, "artifact not written: %s: %s", p.parent, strerror(errno));
    if ((mkdir(p.making, 0777) != 0 && errno != EEXIST) || !write_files(a, &p) || !publish(&p)) {
        int error = errno;
        remove_folder(p.making);
        return fail(place, "artifact not written: %s: %s", p.final, strerror(error));
    }
    return true;
}

/* ---- Reading ------------------------------------------------------------------------------ */

static bool copy_text(char *out, size_t out_bytes, const char *text)
{
    int length = snprintf(out, out_bytes, "%s", text);
    return length >= 0 && (size_t)length < out_bytes;
}

static bool unpack_facts(json_t *root, struct artifact_facts *facts, json_error_t *why)
{
    const char *target, *variant, *signature, *digest;
    json_int_t max_steps, fair_steps, ticks, detectors_off, waits = RUN_WAITS_AFTER_END;
    int go123;
    if (json_unpack_ex(root, why, 0, "{s:s,s:s,s:s,s:s,s:{s:I,s:I,s:I,s?I,s:b,s:I}}", "target",
                       &target, "variant", &variant, "signature", &signature, "digest", &digest,
                       "options", "max_steps", &max_steps, "fair_steps", &fair_steps,
                       "ticks_after_end", &ticks, "waits_after_end", &waits, "go123_timers", &go123,
                       "detectors_off", &detectors_off) != 0)
        return false;
    facts->options = (struct run_options){.max_steps = (uint32_t)max_steps,
                                          .fair_steps = (uint32_t)fair_steps,
                                          .ticks_after_end = (uint32_t)ticks,
                                          .waits_after_end = (uint32_t)waits,
                                          .go123_timers = go123 != 0,
                                          .detectors_off = (unsigned)detectors_off};
    facts->digest = strtoull(digest, NULL, 16);
    snprintf(why->text, sizeof why->text, "a name is too long");
    return copy_text(facts->target, sizeof facts->target, target) &&
           copy_text(facts->variant, sizeof facts->variant, variant) &&
           copy_text(facts->signature, sizeof facts->signature, signature);
}

bool artifact_read_facts(const char *path, struct artifact_facts *facts, char *error,
                         size_t error_bytes)
{
    json_error_t why;
    *facts = (struct artifact_facts){0};
    json_t *root = json_load_file(path, 0, &why);
    bool ok = root && unpack_facts(root, facts, &why);
    if (!ok) snprintf(error, error_bytes, "%s: %s", path, why.text);
    json_decref(root);
    return ok;
}
