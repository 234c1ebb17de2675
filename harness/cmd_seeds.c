// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle seeds: write the seeds of kernels (seeds.h) into DIR/<kernel>/.
 *
 * The folder then holds these and no older ones: whatever has the name of a seed, which is 16
 * hexadecimal digits, and is none any more is removed; anything else in it is left alone.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "seeds.h"

static const char help[] =
    "usage: heddle seeds NAME...|all [--out DIR]\n\n"
    "Writes inputs from which an engine can start into DIR/<kernel>/: a few short ones that are\n"
    "different executions, the natural schedule among them, and none that fails in either "
    "variant.\n"
    "They replace those of an earlier run. A kernel whose natural schedule fails has none.\n\n"
    "  --out DIR  where they go (corpus/seeds)\n\n"
    "exit status: 0, or 2 if they cannot be written\n";

static const struct option long_options[] = {
    {"out", required_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static bool make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
    status_usage("%s: %s", path, strerror(errno));
    return false;
}

static bool is_seed_name(const char *name)
{
    return strlen(name) == SEED_NAME_BYTES - 1 &&
           strspn(name, "0123456789abcdef") == SEED_NAME_BYTES - 1;
}

static bool is_among(const struct seeds *seeds, const char *name)
{
    char own[SEED_NAME_BYTES];
    for (size_t i = 0; i < seeds->count; i++) {
        seeds_name(&seeds->seeds[i], own);
        if (strcmp(own, name) == 0) return true;
    }
    return false;
}

/* Remove what is no seed any more, and the folder if nothing is left in it. */
static void remove_stale(const char *folder, const struct seeds *seeds)
{
    char path[SCRATCH_PATH_BYTES];
    struct dirent *entry;
    DIR *open = opendir(folder);
    if (!open) return;
    while ((entry = readdir(open)))
        if (is_seed_name(entry->d_name) && !is_among(seeds, entry->d_name) &&
            scratch_path(path, "%s/%s", folder, entry->d_name))
            unlink(path);
    closedir(open);
    if (seeds->count == 0) rmdir(folder);
}

static bool write_seeds(const char *folder, const struct seeds *seeds)
{
    char path[SCRATCH_PATH_BYTES], name[SEED_NAME_BYTES];
    if (!make_folder(folder)) return false;
    for (size_t i = 0; i < seeds->count; i++) {
        const struct seed *seed = &seeds->seeds[i];
        seeds_name(seed, name);
        errno = ENAMETOOLONG;
        if (scratch_path(path, "%s/%s", folder, name) &&
            scratch_write(path, seed->bytes, seed->size))
            continue;
        status_usage("%s/%s: %s", folder, name, strerror(errno));
        return false;
    }
    return true;
}

static enum status seed_kernel(const char *kernel, const char *out)
{
    char folder[SCRATCH_PATH_BYTES];
    struct seeds seeds;
    size_t bytes = 0;
    if (!scratch_path(folder, "%s/%s", out, kernel))
        return status_usage("%s: the path is too long", out);
    seeds_make(kernel, &seeds);
    if (seeds.count > 0 && !write_seeds(folder, &seeds)) return STATUS_USAGE;
    remove_stale(folder, &seeds);
    for (size_t i = 0; i < seeds.count; i++) bytes += seeds.seeds[i].size;
    if (seeds.count > 0)
        printf("%-26s %zu seeds, %zu bytes\n", kernel, seeds.count, bytes);
    else
        printf("%-26s none: the natural schedule fails\n", kernel);
    return STATUS_OK;
}

enum status cmd_seeds(int argc, char **argv)
{
    const char *out = "corpus/seeds";
    for (int o; (o = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (o == 'h') return cli_help(help);
        if (o != 'o') return STATUS_USAGE;
        if (!optarg[0]) return status_usage("--out: expected a directory");
        out = optarg;
    }
    struct cli_kernels kernels;
    if (!cli_kernels(argv + optind, (size_t)(argc - optind), CLI_BUGGY, &kernels))
        return STATUS_USAGE;
    enum status status = make_folder(out) ? STATUS_OK : STATUS_USAGE;
    for (size_t i = 0; i < kernels.count && status == STATUS_OK; i++)
        status = seed_kernel(kernels.kernels[i]->name, out);
    free(kernels.kernels);
    return status;
}
