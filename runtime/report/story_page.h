// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The page of runtime/report/page, put together at build time (page/assemble.cmake): one string of
 * ASCII with the marks @TITLE@, @REPORT@, @STORY@ and @SOURCES@, which story_html.c fills in. */
#ifndef HEDDLE_STORY_PAGE_H
#define HEDDLE_STORY_PAGE_H

extern const char story_page[];

#endif
