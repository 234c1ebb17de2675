// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(hugo_5379, .title = "Rendering holds the content's lock and needs the content again",
       .class = KERNEL_DOUBLE_LOCK, .project = "hugo",
       .source = "https://github.com/gohugoio/hugo/pull/5379",
       .story = "Counting a page's words initialises its content in a Once, and then its plain "
                "text in another. The content's renderer holds the content's mutex and calls a "
                "shortcode that counts the words of the same page: it waits for the first Once, "
                "until the worker in there gives up after 1 ms. Then the plain text's Once locks "
                "the mutex that the renderer still holds, be it the renderer that runs it or a "
                "worker for which the renderer waits.",
       .fix = "The plain text's initialisation does not lock.",
       .expect = {"deadlock--count_words--init_plain", "deadlock--init_plain"});

enum { TIMEOUT_NS = 1000000, WORKERS = 2 };

struct page {
    struct go_once shortcodes;
    struct go_once content;
    struct go_once plain;
    struct go_mutex mu;                   /* of the content */
    void (*shortcode)(struct page *page); /* all that is to be rendered: a list of one */
    struct go_chan *rendered;
    struct go_waitgroup workers;
};

static void render(void *arg)
{
    struct page *p = arg;
    go_mutex_lock(&p->mu);
    p->shortcode(p);
    go_chan_send(p->rendered, NULL);
    go_mutex_unlock(&p->mu);
}

static void init_content(void *arg)
{
    struct page *p = arg;
    struct go_context *ctx = go_context_with_timeout(go_context_background(), TIMEOUT_NS);
    p->rendered = go_chan_make(sizeof(void *), 1);
    go(render, p);
    struct go_case cases[] = {GO_RECV(go_context_done(ctx), NULL), GO_RECV(p->rendered, NULL)};
    go_select(cases, 2);
    go_context_cancel(ctx);
}

static void init_plain(void *arg)
{
    struct page *p = arg;
    if (!BUGGY) return;
    go_mutex_lock(&p->mu);
    go_mutex_unlock(&p->mu);
}

static void count_words(struct page *p)
{
    go_once_do(&p->content, init_content, p);
    go_once_do(&p->plain, init_plain, p);
}

static void build_page(void *arg)
{
    struct page *p = arg;
    count_words(p);
    go_waitgroup_done(&p->workers);
}

static void prepare_shortcodes(void *arg) { ((struct page *)arg)->shortcode = count_words; }

static void kernel_main(void)
{
    struct page *p = go_new(sizeof *p);
    go_once_do(&p->shortcodes, prepare_shortcodes, p);
    go_waitgroup_add(&p->workers, WORKERS);
    for (int i = 0; i < WORKERS; i++) go(build_page, p);
    go_waitgroup_wait(&p->workers);
}
