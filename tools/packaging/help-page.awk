# Makes a manual page, section 1, from a program's --help.
#
#     PROGRAM --help | awk -v name=NAME -v title=TITLE -v version=VERSION -v date=DATE \
#         -v also="NAME(1) NAME(5)..." -f plain.awk -f help-page.awk
#
# Lines that begin with "Usage:" and "  or:" are the synopsis; "  KEY  TEXT" is an entry, whose text
# continues in lines with deeper indentation; "Exit status:", "Examples:" and "Signals:" begin sections;
# "  $ COMMAND" is an example; other lines without indentation are text.

function begin_section(heading)
{
    if (heading == current)
        return
    current = heading
    print ".SH " heading
    is_fresh = 1
}

function paragraph()
{
    if (!is_fresh)
        print ".PP"
    is_fresh = 0
}

# "0 done; 1 failed; ..." as entries.
function exit_status(text,    parts, count, i)
{
    begin_section("EXIT STATUS")
    sub(/\.$/, "", text)
    gsub(/; 1 failed/, "\n1 failed", text)
    gsub(/; 2 the/, "\n2 the", text)
    gsub(/; 75 /, "\n75 ", text)
    sub(/; 75 /, "\n75 ", text)
    count = split(text, parts, "\n")
    for (i = 1; i <= count; i++) {
        print ".TP\n.B " substr(parts[i], 1, index(parts[i], " ") - 1)
        print folded(plain(substr(parts[i], index(parts[i], " ") + 1)))
    }
    is_fresh = 0
}

function flush_text(    text)
{
    text = kept
    kept = ""
    if (text == "")
        return
    if (sub(/^Exit status: /, "", text)) {
        exit_status(text)
        return
    }
    if (sub(/^Signals: /, "", text))
        begin_section("SIGNALS")
    else if (current == "OPTIONS" || current == "EXIT STATUS")
        begin_section("NOTES")
    else if (current == "SYNOPSIS")
        begin_section("DESCRIPTION")
    paragraph()
    print folded(plain(text))
}

function entry(key, text)
{
    if (key ~ /^-/)
        begin_section("OPTIONS")
    print ".TP\n.B " plain(key)
    is_fresh = 0
    if (text != "")
        print folded(plain(text))
    has_entry = 1
}

BEGIN {
    print ".\\\" Made from --help."
    printf ".TH %s 1 \"%s\" \"spine-mpi %s\" \"User Commands\"\n", toupper(plain(name)), date, version
    begin_section("NAME")
    print plain(name) " \\- " plain(title)
}

/^Usage: / || /^  or:  / {
    sub(/^(Usage: |  or:  )/, "")
    if (current == "SYNOPSIS")
        print ".br"
    begin_section("SYNOPSIS")
    line = plain($0)
    program = plain(name)
    at = index(line, program)
    print folded(substr(line, 1, at - 1) "\\fB" program "\\fR" substr(line, at + length(program)))
    next
}

/^Examples:$/ {
    flush_text()
    begin_section("EXAMPLES")
    is_example = 1
    print ".nf"
    next
}

is_example && /^  / {
    print plain(substr($0, 3))
    next
}

is_example {
    print ".fi"
    is_example = 0
}

/^$/ {
    flush_text()
    has_entry = 0
    next
}

/^  [^ ]/ {
    flush_text()
    line = substr($0, 3)
    if (match(line, /   *[^ ]/))
        entry(substr(line, 1, RSTART - 1), substr(line, RSTART + RLENGTH - 1))
    else if (match(line, / /) && line ~ /^--[^ ]+ [^ |]/ && line !~ /^--help/)
        entry(substr(line, 1, RSTART - 1), substr(line, RSTART + 1))
    else
        entry(line, line ~ /^--help/ ? "print the help; the version" : "")
    next
}

/^   / && has_entry {
    sub(/^ +/, "")
    print folded(plain($0))
    next
}

{
    kept = kept == "" ? $0 : kept " " $0
}

END {
    flush_text()
    if (is_example)
        print ".fi"
    print ".SH SEE ALSO"
    count = split(also, pages, " ")
    for (i = 1; i <= count; i++) {
        split(pages[i], page, /[()]/)
        print ".BR " plain(page[1]) " (" page[2] ")" (i < count ? "," : "")
    }
}
