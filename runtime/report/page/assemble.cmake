# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# cmake -DPAGE=DIRECTORY -DOUT=FILE.c -P assemble.cmake: the page as arrays of a C file.
#
# Style and script are put into page.html, and their hashes into its Content-Security-Policy, which
# lets nothing else run. What story_html.c fills in stays as it is: @TITLE@, @REPORT@, @STORY@,
# @SOURCES@.
cmake_minimum_required(VERSION 3.25)

# base64(OUT HEX): of 32 bytes.
function(base64 out hex)
    set(letters ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
    set(text "")
    foreach(at RANGE 0 60 6)
        string(SUBSTRING "${hex}0000" ${at} 6 three)
        math(EXPR bits "0x${three}")
        foreach(shift 18 12 6 0)
            math(EXPR six "(${bits} >> ${shift}) & 63")
            string(SUBSTRING ${letters} ${six} 1 letter)
            string(APPEND text ${letter})
        endforeach()
    endforeach()
    string(SUBSTRING ${text} 0 43 text)
    set(${out} "${text}=" PARENT_SCOPE)
endfunction()

function(hash out text)
    string(SHA256 hex "${text}")
    base64(text "${hex}")
    set(${out} "sha256-${text}" PARENT_SCOPE)
endfunction()

file(READ "${PAGE}/page.html" page)
file(READ "${PAGE}/page.css" style)
# A block of its own: nothing of it is a name of the window.
set(script "\"use strict\";\n{\n")
foreach(part model words decide source wait lanes draw panel page)
    file(READ "${PAGE}/${part}.js" text)
    string(APPEND script "${text}")
endforeach()
string(APPEND script "}\n")
hash(style_hash "${style}")
hash(script_hash "${script}")
string(REPLACE "@STYLE_HASH@" "${style_hash}" page "${page}")
string(REPLACE "@SCRIPT_HASH@" "${script_hash}" page "${page}")
string(REPLACE "@STYLE@" "${style}" page "${page}")
string(REPLACE "@SCRIPT@" "${script}" page "${page}")

string(HEX "${page}" hex)
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE "${OUT}" "/* Made of runtime/report/page by its assemble.cmake. */\n"
    "#include \"report/story_page.h\"\n\nconst char story_page[] = {\n${hex}0};\n")
