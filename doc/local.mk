dist_man_MANS += doc/postern.conf.5
EXTRA_DIST += doc/vault-format.md
