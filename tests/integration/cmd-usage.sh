#!/bin/sh
# Wrong calls: told in words and as JSON, before a configuration or a key is looked for.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
HOME=$TESTDIR
export HOME

error() { /usr/bin/python3 -c "import json; print(json.load(open('$out'))['error']['$1'])"; }

wrong() { # wrong TEXT ARGUMENT…: 64, and so in JSON wherever --json stands
    text=$1
    shift
    run postern "$@"
    code_is 64 "$text: 64"
    is "$(error code)" 64 "$text: in JSON"
    is "$(wc -l <$err)" 1 "$text: in one line of words"
}

wrong 'an option nobody knows, first' --json --bogus search
wrong 'an option nobody knows, behind the command' --json search --bogus
wrong '--json behind the command' search --json --bogus
wrong '--json behind the fault' search --bogus --json
wrong 'a number that is none' search --json --limit many
wrong 'a part that cannot be' show --json --part 0 aaaaaaaaaaaaaaaa
wrong 'two ways to show' show --json --raw aaaaaaaaaaaaaaaa
wrong 'JSON of two messages' show --json aaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbb
wrong 'a value for what has none' send --json --no-encrypt=no --to x@corp.example
wrong 'a value for --quiet' status --json --quiet=no
wrong 'a value for --quiet, first' --json --quiet=no status
wrong 'no command' --json
wrong 'no such command' --json nosuch

run postern search --bogus
is "$(wc -c <$out)" 0 'without --json the output stays empty'
run postern show --part 0 aaaaaaaaaaaaaaaa
code_is 64 'part 0 is refused'
run postern show --part -1 aaaaaaaaaaaaaaaa
code_is 64 'part -1 is refused'
run postern show --headers --html aaaaaaaaaaaaaaaa
code_is 64 'a message is shown in one way'
run postern "$(printf -- '--a\033[31m')"
is "$(tr -d -c '\033' <$err | wc -c)" 0 'p8_85 an option reaches the terminal without its controls'
run env LC_ALL=C postern --json search --sort Größe x
out_has 'knows no .Größe' 'arguments are UTF-8 in every locale'
run env -i PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS-}" LSAN_OPTIONS="${LSAN_OPTIONS-}" LC_ALL=C postern status
code_is 78 'p10_112 no HOME, no locale: a refusal'
is "$(wc -l <$err)" 1 'p10_112 of one line'
run env -i PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS-}" LSAN_OPTIONS="${LSAN_OPTIONS-}" HOME= postern --json status
code_is 78 'p10_112 an empty HOME'
run env -i PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS-}" LSAN_OPTIONS="${LSAN_OPTIONS-}" HOME=relative fetchd --once
code_is 78 'p10_112 a HOME that is no absolute path'
run postern --json search '**'
code_is 65 'two stars are no query'
is "$(error rule)" query.syntax 'and told as one'

# Output that cannot be written.
run sh -c 'postern help >/dev/full'
code_is 74 'p10_112 a full disk is a failure'
err_has 'cannot write the output: No space left' 'p10_112 and told'
run sh -c 'postern --json status >/dev/full'
ok [ "$code" -gt 0 -a "$code" -lt 100 ] -- 'p10_112 so is one that a failure meets'
for command in help '--json help' '--version'; do
    run sh -c "postern $command >&-"
    code_is 74 "p10_112 a closed output is a failure: $command"
    err_has 'cannot write the output' 'p10_112 and told'
done
run sh -c 'postern nosuch 2>&-'
code_is 64 'p10_112 closed standard errors are no crash'
run sh -c 'postern search x <&- >&- 2>&-'
code_is 78 'p10_112 nor is nothing open at all'
mkfifo $TESTDIR/reader
sh -c "exec <$TESTDIR/reader" &
run sh -c "exec >$TESTDIR/reader; sleep 0.3; exec postern help"
code_is 74 'p10_112 a reader who leaves is one too'
is "$(wc -c <$err)" 0 'but nobody wants to hear of it'
done_testing
