complete --keep-order --exclusive --command smarty --arguments "(SMARTY_COMPLETE=fish smarty -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
