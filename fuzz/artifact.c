// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Artifact folders: written whole or not at all, read back for replay.
 *
 * The three files are made in a hidden folder beside the final one, flushed to disk, and the
 * folder is renamed. If there is a folder of that name already, it is exchanged in one step when
 * the new finding is smaller. Several processes may do this at once. Nothing here decides what a
 * finding is.
 *
 * Whoever makes a folder holds a lock on it, which ends with the process: what is hidden and not
 * locked was left by one that was killed, and is removed by the next one. Where a file system has
 * no locks nothing is removed.
 */
#include "artifact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"
#include "trace.h"

static const char *const file_names[] = {"input", "report.txt", "trace.json"};
enum { FILE_COUNT = 3, NAME_BYTES_MAX = 200, CLAIMS_MAX = 100 };

struct paths {
    char parent[ARTIFACT_PATH_BYTES]; /* <directory>/<target> */
    char hidden[ARTIFACT_PATH_BYTES]; /* names of hidden folders in it begin so */
    char making[ARTIFACT_PATH_BYTES]; /* the one that is made; "" if none is */
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
           path_into(p->hidden, "%s/.%s.%ld", p->parent, signature, (long)getpid()) &&
           path_into(p->final, "%s/%s", p->parent, signature);
}

/* The names in a folder on disk, not only in memory. */
static bool sync_folder(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return false;
    bool ok = fsync(folder) == 0 || errno == EINVAL; /* a file system that has no such thing */
    int error = errno;
    close(folder);
    errno = error;
    return ok;
}

/* The folder that path, of `length` bytes, lies in. */
static bool sync_folder_of(const char *path, size_t length)
{
    char folder[ARTIFACT_PATH_BYTES];
    while (length > 0 && path[length - 1] != '/') length--;
    if (length == 0) return sync_folder(".");
    memcpy(folder, path, length);
    folder[length] = '\0';
    return sync_folder(folder);
}

static bool make_folders(const char *path)
{
    char part[ARTIFACT_PATH_BYTES];
    for (const char *slash = path; slash;) {
        slash = strchr(slash + 1, '/');
        size_t length = slash ? (size_t)(slash - path) : strlen(path);
        memcpy(part, path, length);
        part[length] = '\0';
        if (mkdir(part, 0777) == 0) {
            if (!sync_folder_of(path, length)) return false;
        } else if (errno != EEXIST) {
            return false;
        }
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

/* Size of the input in the folder, SIZE_MAX if it is not whole. */
static size_t input_bytes_in(const char *folder)
{
    char file[ARTIFACT_PATH_BYTES];
    struct stat status;
    for (size_t i = FILE_COUNT; i-- > 0;) {
        if (!path_into(file, "%s/%s", folder, file_names[i]) || stat(file, &status) != 0)
            return SIZE_MAX;
        if (i > 0 && status.st_size == 0) return SIZE_MAX;
    }
    return (size_t)status.st_size;
}

/* Not every file system can exchange folders: then file by file, and the input last. At no moment
 * is there less than a folder of three whole files whose input shows the bug; if it ends before the
 * input, the next shorter finding does it again. */
static bool replace_files(const struct paths *p)
{
    char from[ARTIFACT_PATH_BYTES], to[ARTIFACT_PATH_BYTES];
    for (size_t i = FILE_COUNT; i-- > 0;) {
        if (!path_into(from, "%s/%s", p->making, file_names[i]) ||
            !path_into(to, "%s/%s", p->final, file_names[i]) || rename(from, to) != 0)
            return false;
    }
    return sync_folder(p->final);
}

/* The made folder gets its name. An old one of that name is exchanged for it. */
static bool publish(struct paths *p)
{
    if (rename(p->making, p->final) == 0) {
        p->making[0] = '\0';
    } else {
        if (errno != EEXIST && errno != ENOTEMPTY) return false;
        if (renameat2(AT_FDCWD, p->making, AT_FDCWD, p->final, RENAME_EXCHANGE) != 0 &&
            !replace_files(p))
            return false;
    }
    return sync_folder(p->parent);
}

/* ---- Who makes a folder ---------------------------------------------------------------------- */

/* Make a hidden folder that nobody else has, and lock it. Another one may have removed it before it
 * was locked. -1 with errno. */
static int claim(struct paths *p)
{
    for (int i = 0; i < CLAIMS_MAX; i++) {
        if (!path_into(p->making, "%s.%d", p->hidden, i)) break;
        if (mkdir(p->making, 0777) != 0) {
            if (errno == EEXIST) continue;
            break;
        }
        struct stat ours, there;
        int folder = open(p->making, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0) continue;
        flock(folder, LOCK_EX);
        if (fstat(folder, &ours) == 0 && stat(p->making, &there) == 0 &&
            ours.st_ino == there.st_ino)
            return folder;
        close(folder);
    }
    p->making[0] = '\0';
    return -1;
}

/* Remove hidden folders that nobody is making any more. */
static void remove_left_overs(const struct paths *p)
{
    char path[ARTIFACT_PATH_BYTES];
    DIR *parent = opendir(p->parent);
    if (!parent) return;
    for (struct dirent *entry; (entry = readdir(parent));) {
        const char *name = entry->d_name;
        if (name[0] != '.' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            !path_into(path, "%s/%s", p->parent, name))
            continue;
        int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0) continue;
        if (flock(folder, LOCK_EX | LOCK_NB) == 0) remove_folder(path);
        close(folder);
    }
    closedir(parent);
}

/* ---- Which of two is smaller ----------------------------------------------------------------- */

static int compare(uint64_t a, uint64_t b) { return a < b ? -1 : a > b; }

/* Both are minimized. */
static bool is_as_small(const struct artifact_facts *there, size_t there_bytes,
                        const struct artifact *a)
{
    int order = compare(there->grain, a->deviations->grain);
    if (!order) order = compare(there->preemptions, a->result->preemptions);
    if (!order) order = compare(there->deviation_count, a->deviations->count);
    if (!order) order = compare(there_bytes, a->input_bytes);
    return order <= 0;
}

/* Is what the folder has at least as good? */
static bool is_kept(const char *folder, const struct artifact *a)
{
    char path[ARTIFACT_PATH_BYTES], error[ARTIFACT_ERROR_BYTES];
    struct artifact_facts there;
    size_t bytes = input_bytes_in(folder);
    if (bytes == SIZE_MAX) return false;
    if (!a->deviations && bytes <= a->input_bytes) return true; /* whatever it says of itself */
    if (!path_into(path, "%s/%s", folder, file_names[2])) return false;
    if (!artifact_read_facts(path, &there, error, sizeof error)) there = (struct artifact_facts){0};
    if (there.minimal != a->minimal) return there.minimal;
    if (a->minimal) return is_as_small(&there, bytes, a);
    if (bytes != a->input_bytes) return bytes < a->input_bytes;
    return there.has_deviations || !a->deviations;
}

/* Publish, unless somebody else has published something at least as good meanwhile: then *kept. */
static bool publish_smaller(const struct artifact *a, struct paths *p, bool *kept)
{
    int parent = open(p->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0) return false;
    flock(parent, LOCK_EX); /* where there are no locks, the later one wins */
    *kept = is_kept(p->final, a);
    bool ok = *kept ? sync_folder(p->parent) : publish(p);
    int error = errno;
    close(parent);
    errno = error;
    return ok;
}

bool artifact_write(const struct artifact *a, struct artifact_place *place)
{
    struct paths p;
    *place = (struct artifact_place){0};
    p.making[0] = '\0';
    if (!make_paths(a, &p) || !path_into(place->input, "%s/input", p.final))
        return fail(place, "artifact not written: path too long");
    remove_left_overs(&p);
    if (is_kept(p.final, a)) {
        place->kept = true;
        if (sync_folder(p.parent)) return true; /* another one may just have written it */
        return fail(place, "artifact not known to be on disk: %s: %s", p.final, strerror(errno));
    }
    errno = 0;
    if (!make_folders(p.parent))
        return fail(place, "artifact not written: %s: %s", p.parent, strerror(errno));
    int folder = claim(&p);
    bool written = folder >= 0 && write_files(a, &p) && sync_folder(p.making) &&
                   publish_smaller(a, &p, &place->kept);
    int error = errno;
    if (p.making[0]) remove_folder(p.making); /* or what it was exchanged for */
    if (folder >= 0) close(folder);
    if (written) return true;
    return fail(place, "artifact not written: %s: %s", p.final, strerror(error));
}

/* ---- Reading ------------------------------------------------------------------------------ */

static bool copy_text(char *out, size_t out_bytes, const char *text)
{
    int length = snprintf(out, out_bytes, "%s", text);
    return length >= 0 && (size_t)length < out_bytes;
}

/* Schema 1 has none. */
static void unpack_deviations(json_t *root, struct artifact_facts *facts)
{
    const char *grain;
    json_int_t preemptions;
    int minimal;
    json_t *deviations;
    if (json_unpack(root, "{s:s,s:I,s:b,s:o}", "grain", &grain, "preemptions", &preemptions,
                    "minimal", &minimal, "deviations", &deviations) != 0 ||
        !json_is_array(deviations) || !input_grain_find(grain, &facts->grain))
        return;
    facts->has_deviations = true;
    facts->minimal = minimal != 0;
    facts->preemptions = (uint64_t)preemptions;
    facts->deviation_count = json_array_size(deviations);
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
    unpack_deviations(root, facts);
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
