dist_man_MANS += doc/postern.conf.5
