<<<<<<< HEAD
dist_man_MANS += doc/postern.conf.5
EXTRA_DIST += doc/vault-format.md
=======
dist_man_MANS += doc/postern.1 doc/fetchd.8
EXTRA_DIST += doc/wire.md
>>>>>>> edee6d9 (doc: the map, the wire, and the manuals of both programs)
