dist_man_MANS += doc/postern.1 doc/postern.conf.5 doc/fetchd.8
EXTRA_DIST += doc/recipes.md doc/recipes/oauth-token doc/vault-format.md doc/wire.md
