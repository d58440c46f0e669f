
set edit:completion:arg-completer[smarty] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) SMARTY_COMPLETE="elvish" smarty -- $@words) | to-lines
}

