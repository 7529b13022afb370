# What the scripts of manual pages share.

# Escape text for roff.
function plain(text)
{
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    if (text ~ /^[.']/)
        text = "\\&" text
    return text
}

# Break text at blanks into lines of at most 79 characters; none begins with a dot or a quote.
function folded(text,    out, at)
{
    out = ""
    while (length(text) > 79) {
        for (at = 80; at > 1; at--)
            if (substr(text, at, 1) == " " && substr(text, at + 1, 1) !~ /[.' ]/)
                break
        if (at == 1)
            break
        out = out substr(text, 1, at - 1) "\n"
        text = substr(text, at + 1)
    }
    return out text
}
