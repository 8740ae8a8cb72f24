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
# What macros of GLib branch by is theirs: the line then says no condition of its own.
function of_glib(line)
{
    return line ~ /G_DEFINE_|g_assert|g_once_init_|g_clear_|g_string_append_c\(|g_autofree|g_autoptr/ &&
           line !~ /if \(|&&|\|\||\?|for \(|while \(/
}
