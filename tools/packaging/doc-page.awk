# Makes a manual page from Markdown documents, in the style of those in tools/doc.
#
#     awk -v name=NAME -v section=5 -v title=TITLE -v version=VERSION -v date=DATE \
#         -v also="NAME(1)..." -f plain.awk -f doc-page.awk FILE.md...
#
# Headings become sections, tables entries, indented and fenced text code. Pictures, links' addresses
# and footnotes' marks are left out.

# Text with its marks: `code`, *emphasis*, [link](address), [^note].
function marked(text,    out, inner)
{
    gsub(/\[\^[^\]]*\]/, "", text)
    while (match(text, /\[[^\]]*\]\([^)]*\)/)) {
        inner = substr(text, RSTART + 1, index(substr(text, RSTART), "]") - 2)
        text = substr(text, 1, RSTART - 1) inner substr(text, RSTART + RLENGTH)
    }
    gsub(/\\\|/, "|", text)
    gsub(/\*\*/, "", text)
    out = ""
    while (match(text, /`[^`]*`|\*[A-Za-z][^*]*\*/)) {
        inner = substr(text, RSTART + 1, RLENGTH - 2)
        out = out plain(substr(text, 1, RSTART - 1)) \
            (substr(text, RSTART, 1) == "`" ? "\\fB" : "\\fI") plain(inner) "\\fR"
        text = substr(text, RSTART + RLENGTH)
    }
    return out plain(text)
}

function flush_text()
{
    if (kept == "")
        return
    if (!is_fresh)
        print ".PP"
    is_fresh = 0
    print folded(marked(kept))
    kept = ""
}

function begin_code()
{
    flush_text()
    if (is_code)
        return
    print (is_fresh ? "" : ".PP\n") ".RS 4\n.nf"
    is_code = 1
    is_fresh = 0
}

function end_code()
{
    if (is_code)
        print ".fi\n.RE"
    is_code = 0
    blanks = 0
}

function heading(text, level)
{
    end_code()
    flush_text()
    gsub(/`/, "", text)
    print (level == 2 ? ".SH " toupper(plain(text)) : ".SS " plain(text))
    is_fresh = 1
}

function row(line,    cells, count, i, text)
{
    end_code()
    flush_text()
    gsub(/\\\|/, "\001", line)
    sub(/^\| */, "", line)
    sub(/ *\| *$/, "", line)
    count = split(line, cells, / *\| */)
    text = ""
    for (i = 2; i <= count; i++)
        if (cells[i] != "")
            text = text (text == "" ? "" : is_option && i == 3 ? "]: " : "; ") \
                (is_option && i == 2 ? "[" : "") cells[i]
    if (is_option && count == 2)
        text = text "]"
    if (is_option && cells[2] == "")
        text = cells[3]
    gsub(/\001/, "|", text)
    gsub(/\001/, "|", cells[1])
    gsub(/`/, "", cells[1])
    print ".TP\n.B " plain(cells[1])
    print (text == "" ? "\\&" : folded(marked(text)))
    is_fresh = 0
}

BEGIN {
    print ".\\\" Made from the documents in tools/doc."
    printf ".TH %s %s \"%s\" \"spine-mpi %s\" \"File Formats\"\n", toupper(plain(name)), section, date, version
    print ".SH NAME\n" plain(name) " \\- " plain(title)
}

FNR == 1 { in_note = 0 }

/^```/ {
    is_fenced = !is_fenced
    if (is_fenced)
        begin_code()
    else
        end_code()
    next
}

is_fenced {
    print plain($0)
    next
}

/^\[\^/ { in_note = 1 }
in_note && /^$/ { in_note = 0 }
in_note { next }

/^!\[/ { next }

/^# / {
    heading(substr($0, 3), 2)
    next
}

/^##+ / {
    level = index($0, " ") - 1
    heading(substr($0, level + 2), level + 1)
    next
}

/^\|[-| ]*$/ { next }

/^\|/ {
    if (!in_table) { # its heading
        in_table = 1
        is_option = $0 ~ /^\| *option *\|/
        next
    }
    row($0)
    next
}

{ in_table = 0 }

/^    / && kept == "" {
    begin_code()
    for (; blanks > 0; blanks--)
        print ""
    print plain(substr($0, 5))
    next
}

/^$/ {
    flush_text()
    if (is_code)
        blanks++
    next
}

/^- / {
    end_code()
    flush_text()
    print ".IP \\(bu 2"
    is_fresh = 1
    sub(/^- /, "")
}

{
    end_code()
    sub(/^ +/, "")
    kept = kept == "" ? $0 : kept " " $0
}

END {
    end_code()
    flush_text()
    print ".SH SEE ALSO"
    count = split(also, pages, " ")
    for (i = 1; i <= count; i++) {
        split(pages[i], page, /[()]/)
        print ".BR " plain(page[1]) " (" page[2] ")" (i < count ? "," : "")
    }
}
