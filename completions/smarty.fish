# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_smarty_global_optspecs
    string join \n q/quiet v/verbose color= lang= config= h/help V/version
end

function __fish_smarty_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_smarty_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_smarty_using_subcommand
    set -l cmd (__fish_smarty_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c smarty -n "__fish_smarty_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_needs_command" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_needs_command" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_needs_command" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_needs_command" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_needs_command" -s V -l version -d 'Print version'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "capture" -d 'Store what meters send, exactly as it came'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "decrypt" -d 'Decrypt frames and print the telegrams, byte for byte'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "parse" -d 'Parse telegrams and print tables, JSON or CSV'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "inspect" -d 'Show what each byte of a frame is, layer by layer, with what is wrong'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "report" -d 'Sum up what was used by hours, days, months or years'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "watch" -d 'Show meters live, on a screen or line by line'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "simulate" -d 'Be a virtual meter, on a pseudo-terminal, TCP, a file or stdout'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "ports" -d 'List serial ports and what is known of them'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "keys" -d 'Keep the keys of meters, and check which frames a key opens'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "setup" -d 'Set up a meter: find it, check its key, write smarty.toml; in a few questions'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "doctor" -d 'Look at all of a set-up that stopped working, and say what to touch'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "generate" -d 'Print completions for shells, man pages, the JSON Schema, a unit of systemd'
complete -c smarty -n "__fish_smarty_needs_command" -f -a "help" -d 'Read the manual: a topic, a command, or what a finding means'
complete -c smarty -n "__fish_smarty_using_subcommand capture" -s o -l out -d 'The file to store in; %l in it stands for the label, a file for each source' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand capture" -s f -l format -d 'How the bytes are stored' -r -f -a "raw\t'The bytes as they came, nothing else'
log\t'A line a frame: time, label, kind, length, hex'"
complete -c smarty -n "__fish_smarty_using_subcommand capture" -s n -l count -d 'Stop after so many whole frames' -r
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l rotate -d 'Begin a new file each day (daily) or at a size (100MB, 1GiB): a-2026-11-23.bin, a.1.bin' -r
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l compress -d 'With --rotate: pack each file when the next is begun: a-2026-11-23.bin.zst' -r -f -a "zstd\t'By zstd'
gzip\t'By gzip'"
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l baud -d 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]' -r
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l mode -d 'Data bits, parity and stop bits of serial ports [default: 8N1]' -r
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l rts -d 'Set the control line RTS [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l dtr -d 'Set the control line DTR [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l server-token-file -d 'File with the token for http:// and https:// sources (Bearer)' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l server-password-file -d 'File with the password of the user in an mqtt:// source; else SMARTY_MQTT_PASSWORD, else it is asked for' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l server-ca -d 'Certificate of the server\'s own authority for https:// and mqtts:// sources, PEM, instead of those that the machine trusts' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l server-cert -d 'Certificate that the server wants to see, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l server-cert-key -d 'Private key of that certificate, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l timeout -d 'End with exit code 5 when no telegram comes for so long (30s, 5m)' -r
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l duration -d 'End after so long (30s, 10m, 2h, 1d)' -r
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l force -d 'Replace an existing file'
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l append -d 'Append to an existing file'
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l server-any-name -d 'Take a certificate of that authority for any name, as those of HomeWizard meters'
complete -c smarty -n "__fish_smarty_using_subcommand capture" -l no-reconnect -d 'End when a port or server is not there or goes away'
complete -c smarty -n "__fish_smarty_using_subcommand capture" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand capture" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand capture" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -s k -l key -d 'Key of the meter, 32 hexadecimal digits; alone: ask for it' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l key-file -d 'File with the key: 32 hexadecimal digits or 16 bytes' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l keyring -d 'Key ring: TOML with a key for each meter; tag = "required" there refuses its frames without tag' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l auth-key -d 'Second key, for meters that have one of their own (Austria, Switzerland); Luxembourg\'s is built in' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l tag -d 'What to do with a frame whose tag, the proof of origin, is wrong' -r -f -a "verify\t'Refuse the frame'
warn\t'Let it through where its CRC is right, and mark it'
skip\t'Do not look at it'"
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -s i -l input -d 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l meter -d 'Only frames of this meter: device id or system title; repeatable' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l shard -d 'Only the K-th of N equal parts of all meters, to share a stream among N processes' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l tz -d 'Zone of the meter\'s clock, for times without S or W [default: Europe/Luxembourg]' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -s n -l count -l limit -d 'Stop after so many telegrams' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l baud -d 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l mode -d 'Data bits, parity and stop bits of serial ports [default: 8N1]' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l rts -d 'Set the control line RTS [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l dtr -d 'Set the control line DTR [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l server-token-file -d 'File with the token for http:// and https:// sources (Bearer)' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l server-password-file -d 'File with the password of the user in an mqtt:// source; else SMARTY_MQTT_PASSWORD, else it is asked for' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l server-ca -d 'Certificate of the server\'s own authority for https:// and mqtts:// sources, PEM, instead of those that the machine trusts' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l server-cert -d 'Certificate that the server wants to see, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l server-cert-key -d 'Private key of that certificate, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l timeout -d 'End with exit code 5 when no telegram comes for so long (30s, 5m)' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l duration -d 'End after so long (30s, 10m, 2h, 1d)' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -s f -l format -d 'What is printed' -r -f -a "table\t'A table a telegram'
json\t'An object a line'
csv\t'A row a telegram'
raw\t'The telegram byte for byte'
hex\t'The frame as an annotated tree: now `smarty inspect`'
influx\t'InfluxDB line protocol'
parquet\t'A file for DuckDB, DataFusion or Spark; with -o only'"
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l json -d 'Short for --format json; flat: meter, measured_at and the values in one object, for archives' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -s F -l fields -d 'Only these values: names or OBIS codes with commas; `-F help` lists them' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -s o -l out -d 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l jobs -d 'Threads that decode files of encrypted frames [default: one a processor]' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l reference-power -d 'Compute what is left in the quarter hour, and what lies above this power each quarter, day and month (7kW, 3500W); means --derive too' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l state -d 'Keep sums, and the frame counters of meters, over a restart in this file [default in watch with --derive: derive.json in the state folder]' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l meters-max -d 'Keep so many meters apart, in --state and, where they are, --mqtt and --metrics [default: 256]; those with a key come first' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l store -d 'Keep what was used in this SQLite database for years: counters and extremes of each quarter of an hour, findings and gaps; smarty report and parse read it' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l keep -d 'Keep telegrams in it for so long (7d, 12h), or none [default: 7d]' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l store-step -d 'Length of its periods, of a new one: 1m, 5m or 15m [default: 15m]' -r
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l show-key -d 'When one digit of the key turns out to be mistyped, say which it should be'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l allow-plain -d 'Take telegrams in clear that name a meter with a key: without this they are refused, as anybody on the line could have written them'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l ignore-crc -d 'Print telegrams whose CRC does not fit, and mark them'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l follow -d 'Read on when a file grows, as tail -F does, also when it is replaced or emptied; Ctrl-C, -n or --duration ends it'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l repair -d 'Undo what a serial port in the wrong mode or an editor has done, where a tag or CRC proves it'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l last -d 'Print the last telegram only'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l server-any-name -d 'Take a certificate of that authority for any name, as those of HomeWizard meters'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l no-reconnect -d 'End when a port or server is not there or goes away'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l csv -d 'Short for --format csv'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l raw -d 'Short for --format raw'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l pretty -d 'With --json: over several lines, indented'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l csv-formulas -d 'With --csv: leave texts that begin with = + - @ as they are; else an apostrophe keeps spreadsheets from computing them'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l events -d 'With --json: also refused frames, and when a port is lost or comes back'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l force -d 'Replace an existing file'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l append -d 'Append to an existing file'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l explain -d 'Examine the input step by step: what was looked at, what was found, where it first fails'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l redact -d 'Replace all that names a meter, so that the output can be posted in a forum'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l merge -d 'Put the pushes of a meter together that sends several lists: each row has the newest of all values, and how old they are (watch does so by itself)'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l no-merge -d 'Each push by itself'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -l derive -d 'Compute net power, surplus of each phase, and the mean power of the running quarter hour'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand decrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -s k -l key -d 'Key of the meter, 32 hexadecimal digits; alone: ask for it' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l key-file -d 'File with the key: 32 hexadecimal digits or 16 bytes' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l keyring -d 'Key ring: TOML with a key for each meter; tag = "required" there refuses its frames without tag' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l auth-key -d 'Second key, for meters that have one of their own (Austria, Switzerland); Luxembourg\'s is built in' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l tag -d 'What to do with a frame whose tag, the proof of origin, is wrong' -r -f -a "verify\t'Refuse the frame'
warn\t'Let it through where its CRC is right, and mark it'
skip\t'Do not look at it'"
complete -c smarty -n "__fish_smarty_using_subcommand parse" -s i -l input -d 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l meter -d 'Only frames of this meter: device id or system title; repeatable' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l shard -d 'Only the K-th of N equal parts of all meters, to share a stream among N processes' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l tz -d 'Zone of the meter\'s clock, for times without S or W [default: Europe/Luxembourg]' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -s n -l count -l limit -d 'Stop after so many telegrams' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l baud -d 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l mode -d 'Data bits, parity and stop bits of serial ports [default: 8N1]' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l rts -d 'Set the control line RTS [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l dtr -d 'Set the control line DTR [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l server-token-file -d 'File with the token for http:// and https:// sources (Bearer)' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l server-password-file -d 'File with the password of the user in an mqtt:// source; else SMARTY_MQTT_PASSWORD, else it is asked for' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l server-ca -d 'Certificate of the server\'s own authority for https:// and mqtts:// sources, PEM, instead of those that the machine trusts' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l server-cert -d 'Certificate that the server wants to see, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l server-cert-key -d 'Private key of that certificate, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l timeout -d 'End with exit code 5 when no telegram comes for so long (30s, 5m)' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l duration -d 'End after so long (30s, 10m, 2h, 1d)' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -s f -l format -d 'What is printed' -r -f -a "table\t'A table a telegram'
json\t'An object a line'
csv\t'A row a telegram'
raw\t'The telegram byte for byte'
hex\t'The frame as an annotated tree: now `smarty inspect`'
influx\t'InfluxDB line protocol'
parquet\t'A file for DuckDB, DataFusion or Spark; with -o only'"
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l json -d 'Short for --format json; flat: meter, measured_at and the values in one object, for archives' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -s F -l fields -d 'Only these values: names or OBIS codes with commas; `-F help` lists them' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -s o -l out -d 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l jobs -d 'Threads that decode files of encrypted frames [default: one a processor]' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l reference-power -d 'Compute what is left in the quarter hour, and what lies above this power each quarter, day and month (7kW, 3500W); means --derive too' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l state -d 'Keep sums, and the frame counters of meters, over a restart in this file [default in watch with --derive: derive.json in the state folder]' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l meters-max -d 'Keep so many meters apart, in --state and, where they are, --mqtt and --metrics [default: 256]; those with a key come first' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l store -d 'Keep what was used in this SQLite database for years: counters and extremes of each quarter of an hour, findings and gaps; smarty report and parse read it' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l keep -d 'Keep telegrams in it for so long (7d, 12h), or none [default: 7d]' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l store-step -d 'Length of its periods, of a new one: 1m, 5m or 15m [default: 15m]' -r
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l show-key -d 'When one digit of the key turns out to be mistyped, say which it should be'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l allow-plain -d 'Take telegrams in clear that name a meter with a key: without this they are refused, as anybody on the line could have written them'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l ignore-crc -d 'Print telegrams whose CRC does not fit, and mark them'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l follow -d 'Read on when a file grows, as tail -F does, also when it is replaced or emptied; Ctrl-C, -n or --duration ends it'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l repair -d 'Undo what a serial port in the wrong mode or an editor has done, where a tag or CRC proves it'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l last -d 'Print the last telegram only'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l server-any-name -d 'Take a certificate of that authority for any name, as those of HomeWizard meters'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l no-reconnect -d 'End when a port or server is not there or goes away'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l csv -d 'Short for --format csv'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l raw -d 'Short for --format raw'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l pretty -d 'With --json: over several lines, indented'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l csv-formulas -d 'With --csv: leave texts that begin with = + - @ as they are; else an apostrophe keeps spreadsheets from computing them'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l events -d 'With --json: also refused frames, and when a port is lost or comes back'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l force -d 'Replace an existing file'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l append -d 'Append to an existing file'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l explain -d 'Examine the input step by step: what was looked at, what was found, where it first fails'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l redact -d 'Replace all that names a meter, so that the output can be posted in a forum'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l merge -d 'Put the pushes of a meter together that sends several lists: each row has the newest of all values, and how old they are (watch does so by itself)'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l no-merge -d 'Each push by itself'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -l derive -d 'Compute net power, surplus of each phase, and the mean power of the running quarter hour'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand parse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -s k -l key -d 'Key of the meter, 32 hexadecimal digits; alone: ask for it' -r
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l key-file -d 'File with the key: 32 hexadecimal digits or 16 bytes' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l keyring -d 'Key ring: TOML with a key for each meter; tag = "required" there refuses its frames without tag' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l auth-key -d 'Second key, for meters that have one of their own (Austria, Switzerland); Luxembourg\'s is built in' -r
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l tag -d 'What to do with a frame whose tag, the proof of origin, is wrong' -r -f -a "verify\t'Refuse the frame'
warn\t'Let it through where its CRC is right, and mark it'
skip\t'Do not look at it'"
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -s i -l input -d 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson' -r
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l meter -d 'Only frames of this meter: device id or system title; repeatable' -r
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l shard -d 'Only the K-th of N equal parts of all meters, to share a stream among N processes' -r
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l tz -d 'Zone of the meter\'s clock, for times without S or W [default: Europe/Luxembourg]' -r
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -s n -l count -l limit -d 'Stop after so many telegrams' -r
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l baud -d 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]' -r
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l mode -d 'Data bits, parity and stop bits of serial ports [default: 8N1]' -r
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l rts -d 'Set the control line RTS [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l dtr -d 'Set the control line DTR [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l server-token-file -d 'File with the token for http:// and https:// sources (Bearer)' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l server-password-file -d 'File with the password of the user in an mqtt:// source; else SMARTY_MQTT_PASSWORD, else it is asked for' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l server-ca -d 'Certificate of the server\'s own authority for https:// and mqtts:// sources, PEM, instead of those that the machine trusts' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l server-cert -d 'Certificate that the server wants to see, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l server-cert-key -d 'Private key of that certificate, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l timeout -d 'End with exit code 5 when no telegram comes for so long (30s, 5m)' -r
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l duration -d 'End after so long (30s, 10m, 2h, 1d)' -r
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -s o -l out -d 'Write to a file, made whole or not at all' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l show-key -d 'When one digit of the key turns out to be mistyped, say which it should be'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l allow-plain -d 'Take telegrams in clear that name a meter with a key: without this they are refused, as anybody on the line could have written them'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l ignore-crc -d 'Print telegrams whose CRC does not fit, and mark them'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l follow -d 'Read on when a file grows, as tail -F does, also when it is replaced or emptied; Ctrl-C, -n or --duration ends it'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l repair -d 'Undo what a serial port in the wrong mode or an editor has done, where a tag or CRC proves it'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l last -d 'Print the last telegram only'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l server-any-name -d 'Take a certificate of that authority for any name, as those of HomeWizard meters'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l no-reconnect -d 'End when a port or server is not there or goes away'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l json -d 'An object a frame, with an object for each field'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l pretty -d 'With --json: over several lines, indented'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l all-bytes -d 'All bytes of long fields, over several lines'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l force -d 'Replace an existing file'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -l redact -d 'Replace all that names a meter, so that the output can be posted in a forum'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand report" -l by -d 'Length of the periods: quarter, hour, day, week, month, year [default: as suits the recording]' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -l from -d 'From this time on (2026-01-01, 2026-01-01T06:15): a whole quarter of an hour, by the zone of --tz' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -l to -d 'Up to this time, which is left out itself' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -l reference-power -d 'Sum up what was imported above this power, quarter by quarter (7kW, 3500W)' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -s k -l key -d 'Key of the meter, 32 hexadecimal digits; alone: ask for it' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -l key-file -d 'File with the key: 32 hexadecimal digits or 16 bytes' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand report" -l keyring -d 'Key ring: TOML with a key for each meter; tag = "required" there refuses its frames without tag' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand report" -l auth-key -d 'Second key, for meters that have one of their own (Austria, Switzerland); Luxembourg\'s is built in' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -l tag -d 'What to do with a frame whose tag, the proof of origin, is wrong' -r -f -a "verify\t'Refuse the frame'
warn\t'Let it through where its CRC is right, and mark it'
skip\t'Do not look at it'"
complete -c smarty -n "__fish_smarty_using_subcommand report" -s i -l input -d 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -l meter -d 'Only frames of this meter: device id or system title; repeatable' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -l shard -d 'Only the K-th of N equal parts of all meters, to share a stream among N processes' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -l tz -d 'Zone of the meter\'s clock, for times without S or W [default: Europe/Luxembourg]' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -s n -l count -l limit -d 'Stop after so many telegrams' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -l baud -d 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -l mode -d 'Data bits, parity and stop bits of serial ports [default: 8N1]' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -l rts -d 'Set the control line RTS [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand report" -l dtr -d 'Set the control line DTR [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand report" -l server-token-file -d 'File with the token for http:// and https:// sources (Bearer)' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand report" -l server-password-file -d 'File with the password of the user in an mqtt:// source; else SMARTY_MQTT_PASSWORD, else it is asked for' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand report" -l server-ca -d 'Certificate of the server\'s own authority for https:// and mqtts:// sources, PEM, instead of those that the machine trusts' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand report" -l server-cert -d 'Certificate that the server wants to see, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand report" -l server-cert-key -d 'Private key of that certificate, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand report" -l timeout -d 'End with exit code 5 when no telegram comes for so long (30s, 5m)' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -l duration -d 'End after so long (30s, 10m, 2h, 1d)' -r
complete -c smarty -n "__fish_smarty_using_subcommand report" -s o -l out -d 'Write to a file, made whole or not at all' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand report" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand report" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand report" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand report" -l show-key -d 'When one digit of the key turns out to be mistyped, say which it should be'
complete -c smarty -n "__fish_smarty_using_subcommand report" -l allow-plain -d 'Take telegrams in clear that name a meter with a key: without this they are refused, as anybody on the line could have written them'
complete -c smarty -n "__fish_smarty_using_subcommand report" -l ignore-crc -d 'Print telegrams whose CRC does not fit, and mark them'
complete -c smarty -n "__fish_smarty_using_subcommand report" -l follow -d 'Read on when a file grows, as tail -F does, also when it is replaced or emptied; Ctrl-C, -n or --duration ends it'
complete -c smarty -n "__fish_smarty_using_subcommand report" -l repair -d 'Undo what a serial port in the wrong mode or an editor has done, where a tag or CRC proves it'
complete -c smarty -n "__fish_smarty_using_subcommand report" -l last -d 'Print the last telegram only'
complete -c smarty -n "__fish_smarty_using_subcommand report" -l server-any-name -d 'Take a certificate of that authority for any name, as those of HomeWizard meters'
complete -c smarty -n "__fish_smarty_using_subcommand report" -l no-reconnect -d 'End when a port or server is not there or goes away'
complete -c smarty -n "__fish_smarty_using_subcommand report" -l json -d 'One object per period and meter'
complete -c smarty -n "__fish_smarty_using_subcommand report" -l csv -d 'One row per period and meter'
complete -c smarty -n "__fish_smarty_using_subcommand report" -l html -d 'A page with pictures that opens in any browser, without a network; also where the name of --out ends in .html'
complete -c smarty -n "__fish_smarty_using_subcommand report" -l force -d 'Replace an existing file'
complete -c smarty -n "__fish_smarty_using_subcommand report" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand report" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l every -d 'Only the last telegram of each period, for each meter (10s, 60s, 15m, 1d); hours and days are those of --tz' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l rotate -d 'Begin a new file each day (daily) or at a size (100MB, 1GiB): a-2026-11-23.csv, a.1.csv' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l mqtt -d 'Publish to a broker: mqtt://USER@HOST:1883/PREFIX, mqtts:// with TLS; PREFIX is smarty unless named' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l mqtt-password-file -d 'File with the password of the user; else SMARTY_MQTT_PASSWORD, else it is asked for' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l mqtt-topics -d 'What is published: a topic for each value, the whole telegram as JSON, or both [default: values]' -r -f -a "values\t'A topic for each value'
json\t'The whole telegram as JSON'
both\t'Both'"
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l mqtt-qos -d 'Whether messages arrive perhaps (0), surely (1) or once (2) [default: 1]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l mqtt-retain -d 'Whether the broker keeps values for those who come later [default: on]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l mqtt-layout -d 'Names of topics: of smarty, or of the SmartyReader board (PREFIX is then lamsmarty) [default: smarty]' -r -f -a "smarty\t'Names of the values: house/active_power_import_kw'
smartyreader\t'Names of the SmartyReader board: act_pwr_imported_p_plus_kW'"
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l mqtt-version -d 'MQTT 3.1.1 (3) or 5 [default: 5, else 3]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l mqtt-ca -d 'Certificate of your own authority, PEM, instead of those that the machine trusts' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l mqtt-cert -d 'Certificate that the broker wants to see, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l mqtt-cert-key -d 'Private key of that certificate, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l mqtt-client-id -d 'Name at the broker [default: smarty- and a number of chance]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l discovery-prefix -d 'Where Home Assistant looks for what there is [default: homeassistant]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l forward -d 'Serve the telegrams, decrypted and byte for byte, to other software: tcp://HOST:PORT, a port alone (this machine only), or pty:PATH (a serial port); a label before it takes one source (house=tcp://:2001); repeatable' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l http -l metrics -d 'Serve a page for browsers under /, numbers for Prometheus under /metrics, and under /healthz whether every source sends: HOST:PORT, or a port alone (this machine only)' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l metrics-user -d 'Ask for this user and a password before anything is shown' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l metrics-password-file -d 'File with the password of that user; else SMARTY_METRICS_PASSWORD, or smarty.metrics-password of systemd' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l metrics-cert -d 'Serve with TLS (https), with this certificate, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l metrics-cert-key -d 'Private key of that certificate, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l metrics-host -d 'Answer under this name of the machine too, and under no unknown one; repeatable [default: over loopback those of this machine, over a network all]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l when -d 'Do something when this begins to hold, as \'active_power_import_kw > 6.5 for 1m until active_power_import_kw < 5\'; names are those of values, age (seconds since the last telegram) and findings; smarty.toml takes several, each in a hook table' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l run -d 'Run this command then, without a shell; what it is about is in its environment: SMARTY_METER, SMARTY_ACTIVE_POWER_IMPORT_KW' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l notify -d 'Post JSON to this address then: ntfy, webhooks' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l pause -d 'Least time between two times [default: 1m]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l hook-limit -d 'Kill the command, or give the message up, after so long [default: 10s]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l reference-power -d 'Compute what is left in the quarter hour, and what lies above this power each quarter, day and month (7kW, 3500W); means --derive too' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l state -d 'Keep sums, and the frame counters of meters, over a restart in this file [default in watch with --derive: derive.json in the state folder]' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l meters-max -d 'Keep so many meters apart, in --state and, where they are, --mqtt and --metrics [default: 256]; those with a key come first' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l store -d 'Keep what was used in this SQLite database for years: counters and extremes of each quarter of an hour, findings and gaps; smarty report and parse read it' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l keep -d 'Keep telegrams in it for so long (7d, 12h), or none [default: 7d]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l store-step -d 'Length of its periods, of a new one: 1m, 5m or 15m [default: 15m]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -s k -l key -d 'Key of the meter, 32 hexadecimal digits; alone: ask for it' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l key-file -d 'File with the key: 32 hexadecimal digits or 16 bytes' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l keyring -d 'Key ring: TOML with a key for each meter; tag = "required" there refuses its frames without tag' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l auth-key -d 'Second key, for meters that have one of their own (Austria, Switzerland); Luxembourg\'s is built in' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l tag -d 'What to do with a frame whose tag, the proof of origin, is wrong' -r -f -a "verify\t'Refuse the frame'
warn\t'Let it through where its CRC is right, and mark it'
skip\t'Do not look at it'"
complete -c smarty -n "__fish_smarty_using_subcommand watch" -s i -l input -d 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l meter -d 'Only frames of this meter: device id or system title; repeatable' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l shard -d 'Only the K-th of N equal parts of all meters, to share a stream among N processes' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l tz -d 'Zone of the meter\'s clock, for times without S or W [default: Europe/Luxembourg]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -s n -l count -l limit -d 'Stop after so many telegrams' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l baud -d 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l mode -d 'Data bits, parity and stop bits of serial ports [default: 8N1]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l rts -d 'Set the control line RTS [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l dtr -d 'Set the control line DTR [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l server-token-file -d 'File with the token for http:// and https:// sources (Bearer)' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l server-password-file -d 'File with the password of the user in an mqtt:// source; else SMARTY_MQTT_PASSWORD, else it is asked for' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l server-ca -d 'Certificate of the server\'s own authority for https:// and mqtts:// sources, PEM, instead of those that the machine trusts' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l server-cert -d 'Certificate that the server wants to see, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l server-cert-key -d 'Private key of that certificate, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l timeout -d 'End with exit code 5 when no telegram comes for so long (30s, 5m)' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l duration -d 'End after so long (30s, 10m, 2h, 1d)' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -s f -l format -d 'What is printed' -r -f -a "table\t'A table a telegram'
json\t'An object a line'
csv\t'A row a telegram'
raw\t'The telegram byte for byte'
hex\t'The frame as an annotated tree: now `smarty inspect`'
influx\t'InfluxDB line protocol'
parquet\t'A file for DuckDB, DataFusion or Spark; with -o only'"
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l json -d 'Short for --format json; flat: meter, measured_at and the values in one object, for archives' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -s F -l fields -d 'Only these values: names or OBIS codes with commas; `-F help` lists them' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -s o -l out -d 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l jobs -d 'Threads that decode files of encrypted frames [default: one a processor]' -r
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l on-change -d 'Only telegrams with a value that changed, the clock aside; with -F those values only'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l no-mqtt -d 'Do not publish, whatever smarty.toml says'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l no-discovery -d 'Do not tell Home Assistant what there is'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l forward-raw -d 'Serve the frames as received instead: encrypted ones stay so'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l shell -d 'Let a shell read the command'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l derive -d 'Compute net power, surplus of each phase, and the mean power of the running quarter hour'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l show-key -d 'When one digit of the key turns out to be mistyped, say which it should be'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l allow-plain -d 'Take telegrams in clear that name a meter with a key: without this they are refused, as anybody on the line could have written them'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l ignore-crc -d 'Print telegrams whose CRC does not fit, and mark them'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l follow -d 'Read on when a file grows, as tail -F does, also when it is replaced or emptied; Ctrl-C, -n or --duration ends it'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l repair -d 'Undo what a serial port in the wrong mode or an editor has done, where a tag or CRC proves it'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l last -d 'Print the last telegram only'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l server-any-name -d 'Take a certificate of that authority for any name, as those of HomeWizard meters'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l no-reconnect -d 'End when a port or server is not there or goes away'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l csv -d 'Short for --format csv'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l raw -d 'Short for --format raw'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l pretty -d 'With --json: over several lines, indented'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l csv-formulas -d 'With --csv: leave texts that begin with = + - @ as they are; else an apostrophe keeps spreadsheets from computing them'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l events -d 'With --json: also refused frames, and when a port is lost or comes back'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l force -d 'Replace an existing file'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l append -d 'Append to an existing file'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l explain -d 'Examine the input step by step: what was looked at, what was found, where it first fails'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l redact -d 'Replace all that names a meter, so that the output can be posted in a forum'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l merge -d 'Put the pushes of a meter together that sends several lists: each row has the newest of all values, and how old they are (watch does so by itself)'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -l no-merge -d 'Each push by itself'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l profile -d 'Which meter it is: country and version' -r -f -a "lu\t''
lu-full\t''
nl5\t''
nl42\t''
nl22\t''
be\t''
se\t''
at\t''
hu\t''
lt\t''
no-aidon\t''
no-kaifa\t''
kamstrup\t''
at-noe\t''
at-tinetz\t''
ch-lg\t''
ch-iskra\t''
si-iskra\t''
pl-stoen\t''"
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l meters -d 'How many meters, each with a household and a key of its own' -r
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l seed -d 'Where all chance comes from: the same seed gives the same households' -r
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l start -d 'What the meter\'s clock shows first; now, or 2026-01-01 for a file or stdout' -r
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l fault -d 'What is wrong with the meter or the line, as KIND or KIND=AMOUNT; repeatable, see --help' -r
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l pulses -d 'Flash as an LED instead, so many pulses for a kilowatt hour: a line each, for pulse:tcp:// and pulse:-' -r
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l replay -d 'Play a capture again instead: by its times where it is a log, else a frame each period' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l period -d 'Time between two telegrams of a meter (10s, 15m); what the profile does if not given' -r
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l speed -d 'How much faster than real time goes; 1, or as fast as possible into a file or stdout' -r
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -s n -l count -d 'End after so many telegrams of each meter' -r
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l duration -d 'End after so long (30s, 1d); by the meter\'s clock where it is as fast as possible' -r
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l link -d 'A fixed path for the virtual serial port; for several meters %n in it, or its end, is the number' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l tcp -d 'Serve TCP: all meters at HOST:PORT, or each at a port of its own with HOST:FIRST-LAST' -r
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -s o -l out -d 'Write to a file, - is stdout: as fast as possible; the default where stdout is no terminal' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l keyring -d 'Write the key ring of the meters to a file, for --keyring of the other commands' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l plain -d 'Send in clear, whatever the profile does'
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l encrypted -d 'Encrypt, whatever the profile does'
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l pty -d 'Make a virtual serial port (a pseudo-terminal) for each meter and print its path; the default on a terminal'
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -l force -d 'Replace existing files'
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand ports" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand ports" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand ports" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand ports" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand ports" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand ports" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and not __fish_seen_subcommand_from add list check remove" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and not __fish_seen_subcommand_from add list check remove" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and not __fish_seen_subcommand_from add list check remove" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and not __fish_seen_subcommand_from add list check remove" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and not __fish_seen_subcommand_from add list check remove" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and not __fish_seen_subcommand_from add list check remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and not __fish_seen_subcommand_from add list check remove" -f -a "add" -d 'Add the key of a meter to the key ring'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and not __fish_seen_subcommand_from add list check remove" -f -a "list" -d 'List the key ring, with check values in place of keys'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and not __fish_seen_subcommand_from add list check remove" -f -a "check" -d 'Tell how many frames a key opens, and what is wrong with it where it opens none'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and not __fish_seen_subcommand_from add list check remove" -f -a "remove" -d 'Remove the keys of meters from the key ring'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -s k -l key -d 'Key of the meter, 32 hexadecimal digits; alone: ask for it, as without it; what is piped in is read' -r
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -l key-file -d 'File with the key: 32 hexadecimal digits or 16 bytes; of two, the second is the authentication key' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -l auth-key -d 'Second key, for meters that have one of their own (GAK, GPK61)' -r
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -l keyring -d 'Key ring to add to [default: keys.toml in the configuration folder]' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -l name -d 'What the meter is called: the label of its source, and its name in outputs' -r
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -l tag -d 'Whether each frame of the meter ends in a tag, the proof of origin' -r -f -a "required\t'Frames without are refused'
optional\t'Frames without are taken'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -l allow-plain -d 'The meter may send in clear as well'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -l force -d 'Replace the entry of the meter'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from list" -l keyring -d 'Key ring to list [default: keys.toml in the configuration folder]' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from list" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from list" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from list" -l json -d 'One object per entry'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -s k -l key -d 'Key of the meter, 32 hexadecimal digits; alone: ask for it' -r
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l key-file -d 'File with the key, or with both keys of the meter, one a line' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l keyring -d 'Key ring: TOML with a key for each meter' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l auth-key -d 'Second key, for meters that have one of their own (GAK, GPK61); Luxembourg\'s is built in' -r
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -s i -l input -d 'What a file looks like: auto finds it out, or bin, hex, xxd, hexdump, carray, base64, log, text, ndjson' -r
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l meter -d 'Only frames of this meter: device id or system title; repeatable' -r
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -s n -l count -d 'Stop after so many frames [default for ports and servers: 3]' -r
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l baud -d 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]' -r
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l mode -d 'Data bits, parity and stop bits of serial ports [default: 8N1]' -r
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l rts -d 'Set the control line RTS [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l dtr -d 'Set the control line DTR [default: as the system sets it]' -r -f -a "on\t'Set'
off\t'Cleared'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l server-token-file -d 'File with the token for http:// and https:// sources (Bearer)' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l server-password-file -d 'File with the password of the user in an mqtt:// source; else SMARTY_MQTT_PASSWORD, else it is asked for' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l server-ca -d 'Certificate of the server\'s own authority for https:// and mqtts:// sources, PEM, instead of those that the machine trusts' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l server-cert -d 'Certificate that the server wants to see, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l server-cert-key -d 'Private key of that certificate, PEM' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l timeout -d 'End with exit code 5 when no telegram comes for so long (30s, 5m)' -r
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l duration -d 'End after so long (30s, 10m, 2h, 1d)' -r
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l server-any-name -d 'Take a certificate of that authority for any name, as those of HomeWizard meters'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l no-reconnect -d 'End when a port or server is not there or goes away'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -l json -d 'One object per meter'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from remove" -l keyring -d 'Key ring to remove from [default: keys.toml in the configuration folder]' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from remove" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from remove" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from remove" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand keys; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l input -d 'Where the meter is: a port, tcp://HOST:PORT, or auto [default: the only USB port]' -r
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l name -d 'What the meter is called: the label of its source, and its name in outputs [default: house]' -r
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l meter -d 'The meter to set up, where several send: device id or system title' -r
complete -c smarty -n "__fish_smarty_using_subcommand setup" -s k -l key -d 'Key of the meter, 32 hexadecimal digits; alone: ask for it' -r
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l key-file -d 'File with the key; of two in it, the second is the authentication key' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l auth-key -d 'Second key, for meters that have one of their own (GAK, GPK61)' -r
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l mqtt -d 'Publish to this broker, and so to Home Assistant: mqtt://USER@HOST; checked by connecting' -r
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l mqtt-password-file -d 'File with the password of the user at the broker; else SMARTY_MQTT_PASSWORD, else it is asked for' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l metrics -d 'Serve a page of numbers to Prometheus: HOST:PORT, or a port alone (this machine only)' -r
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l keyring -d 'Key ring to write to [default: keys.toml beside smarty.toml]' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l baud -d 'Speed of the port, in baud [default: found by what comes]' -r
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l mode -d 'Data bits, parity and stop bits of the port [default: found by what comes]' -r
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l timeout -d 'How long to listen at the most; each speed takes some 13 s' -r
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand setup" -s y -l yes -d 'Ask nothing: what is not given stays as it is, else as the question proposes'
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l no-key -d 'Set up without the key; a second run adds it'
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l service -d 'Write a unit of systemd beside smarty.toml, and say how it is installed'
complete -c smarty -n "__fish_smarty_using_subcommand setup" -l force -d 'Replace what smarty.toml and the key ring hold already'
complete -c smarty -n "__fish_smarty_using_subcommand setup" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand setup" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand doctor" -l timeout -d 'How long each source is listened to at the most' -r
complete -c smarty -n "__fish_smarty_using_subcommand doctor" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand doctor" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand doctor" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand doctor" -l json -d 'One object per check'
complete -c smarty -n "__fish_smarty_using_subcommand doctor" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand doctor" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand generate" -l program -d 'The program that the unit of systemd runs [default: this one]' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand generate" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand generate" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand generate" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand generate" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand generate" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smarty -n "__fish_smarty_using_subcommand help" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c smarty -n "__fish_smarty_using_subcommand help" -l lang -d 'Language of findings and their hints [default: that of LANG]' -r -f -a "en\t'English'
de\t'German'
fr\t'French'"
complete -c smarty -n "__fish_smarty_using_subcommand help" -l config -d 'Sources and options in a file, instead of smarty.toml in the configuration folder' -r -F
complete -c smarty -n "__fish_smarty_using_subcommand help" -s q -l quiet -d 'Say errors only, without hints'
complete -c smarty -n "__fish_smarty_using_subcommand help" -s v -l verbose -d 'Say more: what an input looks like, which key is used; twice: each event'
complete -c smarty -n "__fish_smarty_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
