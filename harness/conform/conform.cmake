# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The comparison with real Go: the Go program, conform, and conform with wrong runtimes. A test in
# one build (the rest is what `./run test --full` does).

file(GLOB go_sources CONFIGURE_DEPENDS harness/conform/go/*)
set(conform_go ${CMAKE_BINARY_DIR}/go/conform)
add_custom_command(OUTPUT ${conform_go}
    COMMAND ${CMAKE_COMMAND} -E env GOFLAGS=-mod=mod GOPROXY=off GO111MODULE=on
        GOCACHE=${CMAKE_BINARY_DIR}/go-cache ${GO} build -o ${conform_go} .
    DEPENDS ${go_sources} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/harness/conform/go)
add_custom_target(conform-go DEPENDS ${conform_go})

sources(conform_sources harness/conform/*.c)
add_library(conform-parts OBJECT EXCLUDE_FROM_ALL ${conform_sources})
target_link_libraries(conform-parts PRIVATE
    heddle-flags heddle-no-coverage heddle-fuzz heddle-host)

# add_conform(NAME OBJECTS): these come before the files of the library that define the same.
function(add_conform name)
    add_executable(${name} EXCLUDE_FROM_ALL $<TARGET_OBJECTS:conform-parts> ${ARGN})
    target_link_libraries(${name} PRIVATE heddle-flags heddle-no-coverage heddle-fuzz heddle-host)
    add_dependencies(${name} conform-go)
endfunction()

add_conform(conform)
if(HEDDLE_TIDY)
    set_target_properties(conform PROPERTIES EXCLUDE_FROM_ALL FALSE)
    add_test(NAME conform COMMAND conform --programs 60 ${conform_go})
    add_test(NAME conform_texts COMMAND conform --texts ${conform_go})
    set_tests_properties(conform conform_texts PROPERTIES LABELS conform TIMEOUT 300)
endif()

# Wrong runtimes: conform linked with one file of the runtime changed in one rule. Each must be
# found out, or the comparison with Go is blind to that rule.
add_custom_target(conform-wrong)

# wrong_file(NAME FILE): begins a changed copy of runtime/FILE.c, in build/wrong/NAME.c.
macro(wrong_file name file)
    set(wrong_name ${name})
    set(wrong_path ${CMAKE_SOURCE_DIR}/runtime/${file}.c)
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY
        CMAKE_CONFIGURE_DEPENDS ${wrong_path})
    file(READ ${wrong_path} wrong_text)
endmacro()

# wrong_change(OLD NEW): once; that it no longer applies is an error.
macro(wrong_change old new)
    string(FIND "${wrong_text}" "${old}" found)
    if(found EQUAL -1)
        message(FATAL_ERROR "${wrong_path} has changed: ${wrong_name} finds no \"${old}\"")
    endif()
    string(REPLACE "${old}" "${new}" wrong_text "${wrong_text}")
endmacro()

# wrong_program(): conform-NAME.
macro(wrong_program)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/wrong/${wrong_name}.c CONTENT "${wrong_text}" @ONLY)
    add_library(wrong-${wrong_name} OBJECT EXCLUDE_FROM_ALL
        ${CMAKE_BINARY_DIR}/wrong/${wrong_name}.c)
    target_compile_options(wrong-${wrong_name} PRIVATE
        "SHELL:-iquote ${CMAKE_SOURCE_DIR}/runtime" -UHEDDLE_CHECK_LEVEL -Wno-unused)
    target_compile_definitions(wrong-${wrong_name} PRIVATE _GNU_SOURCE HEDDLE_CHECK_LEVEL=1)
    target_compile_options(wrong-${wrong_name} PRIVATE -g -fno-omit-frame-pointer)
    add_conform(conform-${wrong_name} $<TARGET_OBJECTS:wrong-${wrong_name}>)
    add_dependencies(conform-wrong conform-${wrong_name})
endmacro()

# Readers are let in while a writer waits: it announces itself only when they are gone.
wrong_file(no-writer-preference rwmutex)
wrong_change("if (g->enabled) sched_unready(g, reads" "if (g->enabled && (m->_announced || !reads))
            sched_unready(g, reads")
wrong_change("    m->_readers++;
}" "    m->_readers++;
    disable(m);
}")
wrong_change("if (!m->_readers && m->_announced && !m->_writing && held) sched_ready(m->_writer);"
    "if (!m->_readers && held) lock_enable(&m->_wanters);")
wrong_change("g, !m->_announced, WAIT_RWMUTEX_LOCK)"
    "g, !m->_announced && !m->_readers, WAIT_RWMUTEX_LOCK)")
wrong_program()

wrong_file(select-takes-first select)
wrong_change("if (!case_ready(&cases[i])) continue;" "if (n || !case_ready(&cases[i])) continue;")
wrong_program()

wrong_file(close-wakes-nobody chan)
wrong_change("while (!list_is_empty(&c->receivers)) {" "while (0) {")
wrong_program()

wrong_file(signal-wakes-all cond)
wrong_change("if (any) wake_first(c, order_release());"
    "while (!list_is_empty(&c->_waiters)) wake_first(c, order_release());")
wrong_program()

wrong_file(latest-deadline-first deadline)
wrong_change("a->at_ns < b->at_ns :" "a->at_ns > b->at_ns :")
wrong_program()
