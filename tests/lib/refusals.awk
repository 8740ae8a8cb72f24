# What refuse() gives is always FALSE, and so is what ends in it under another name: of "… || refuse(…)"
# the branch for TRUE is there, and nothing can take it. coverage.awk and missed.awk do not count it.

# The lines of FILE, into text.
function read_text(file,    line, n)
{
    delete text
    for (n = 1; (getline line < file) > 0; n++) text[n] = line
    close(file)
}
function has_refusal(place,    line)
{
    line = text[place]
    if (line ~ /(\|\||&&)$/) line = line " " text[place + 1]
    return line ~ /(\|\||&&) *\(?(refuse|pgp_refuse|unusable|no_dirmngr|failed|late|damage|blame|untold)\(/
}
