
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'smarty' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'smarty'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'smarty' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('capture', 'capture', [CompletionResultType]::ParameterValue, 'Store what meters send, exactly as it came')
            [CompletionResult]::new('decrypt', 'decrypt', [CompletionResultType]::ParameterValue, 'Decrypt frames and print the telegrams, byte for byte')
            [CompletionResult]::new('parse', 'parse', [CompletionResultType]::ParameterValue, 'Parse telegrams and print tables, JSON or CSV')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show what each byte of a frame is, layer by layer, with what is wrong')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Sum up what was used by hours, days, months or years')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Show meters live, on a screen or line by line')
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'Be a virtual meter, on a pseudo-terminal, TCP, a file or stdout')
            [CompletionResult]::new('ports', 'ports', [CompletionResultType]::ParameterValue, 'List serial ports and what is known of them')
            [CompletionResult]::new('keys', 'keys', [CompletionResultType]::ParameterValue, 'Keep the keys of meters, and check which frames a key opens')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Print completions for shells, man pages, the JSON Schema, a unit of systemd')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'smarty;capture' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The file to store in; %l in it stands for the label, a file for each source')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'The file to store in; %l in it stands for the label, a file for each source')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'How the bytes are stored')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the bytes are stored')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Stop after so many whole frames')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after so many whole frames')
            [CompletionResult]::new('--rotate', '--rotate', [CompletionResultType]::ParameterName, 'Begin a new file each day (daily) or at a size (100MB, 1GiB): a-2026-11-23.bin, a.1.bin')
            [CompletionResult]::new('--compress', '--compress', [CompletionResultType]::ParameterName, 'With --rotate: pack each file when the next is begun: a-2026-11-23.bin.zst')
            [CompletionResult]::new('--baud', '--baud', [CompletionResultType]::ParameterName, 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]')
            [CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Data bits, parity and stop bits of serial ports [default: 8N1]')
            [CompletionResult]::new('--rts', '--rts', [CompletionResultType]::ParameterName, 'Set the control line RTS [default: as the system sets it]')
            [CompletionResult]::new('--dtr', '--dtr', [CompletionResultType]::ParameterName, 'Set the control line DTR [default: as the system sets it]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End with exit code 5 when no telegram comes for so long (30s, 5m)')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'End after so long (30s, 10m, 2h, 1d)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing file')
            [CompletionResult]::new('--append', '--append', [CompletionResultType]::ParameterName, 'Append to an existing file')
            [CompletionResult]::new('--no-reconnect', '--no-reconnect', [CompletionResultType]::ParameterName, 'End when a port or server is not there or goes away')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;decrypt' {
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File with the key: 32 hexadecimal digits or 16 bytes')
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Key ring: TOML with a key for each meter; tag = "required" there refuses its frames without tag')
            [CompletionResult]::new('--auth-key', '--auth-key', [CompletionResultType]::ParameterName, 'Second key, for meters that have one of their own (Austria, Switzerland); Luxembourg''s is built in')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'What to do with a frame whose tag, the proof of origin, is wrong')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson')
            [CompletionResult]::new('--meter', '--meter', [CompletionResultType]::ParameterName, 'Only frames of this meter: device id or system title; repeatable')
            [CompletionResult]::new('--shard', '--shard', [CompletionResultType]::ParameterName, 'Only the K-th of N equal parts of all meters, to share a stream among N processes')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of the meter''s clock, for times without S or W [default: Europe/Luxembourg]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--baud', '--baud', [CompletionResultType]::ParameterName, 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]')
            [CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Data bits, parity and stop bits of serial ports [default: 8N1]')
            [CompletionResult]::new('--rts', '--rts', [CompletionResultType]::ParameterName, 'Set the control line RTS [default: as the system sets it]')
            [CompletionResult]::new('--dtr', '--dtr', [CompletionResultType]::ParameterName, 'Set the control line DTR [default: as the system sets it]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End with exit code 5 when no telegram comes for so long (30s, 5m)')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'End after so long (30s, 10m, 2h, 1d)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'What is printed')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What is printed')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Only these values: names or OBIS codes with commas; `-F help` lists them')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Only these values: names or OBIS codes with commas; `-F help` lists them')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Threads that decode files of encrypted frames [default: one a processor]')
            [CompletionResult]::new('--reference-power', '--reference-power', [CompletionResultType]::ParameterName, 'Compute what is left in the quarter hour, and what lies above this power each quarter, day and month (7kW, 3500W); means --derive too')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Keep sums, and the frame counters of meters, over a restart in this file [default in watch with --derive: derive.json in the state folder]')
            [CompletionResult]::new('--meters-max', '--meters-max', [CompletionResultType]::ParameterName, 'Keep so many meters apart, in --state and, where they are, --mqtt and --metrics [default: 256]; those with a key come first')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('--show-key', '--show-key', [CompletionResultType]::ParameterName, 'When one digit of the key turns out to be mistyped, say which it should be')
            [CompletionResult]::new('--allow-plain', '--allow-plain', [CompletionResultType]::ParameterName, 'Take telegrams in clear that name a meter with a key: without this they are refused, as anybody on the line could have written them')
            [CompletionResult]::new('--ignore-crc', '--ignore-crc', [CompletionResultType]::ParameterName, 'Print telegrams whose CRC does not fit, and mark them')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Read on when a file grows, as tail -F does, also when it is replaced or emptied; Ctrl-C, -n or --duration ends it')
            [CompletionResult]::new('--repair', '--repair', [CompletionResultType]::ParameterName, 'Undo what a serial port in the wrong mode or an editor has done, where a tag or CRC proves it')
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'Print the last telegram only')
            [CompletionResult]::new('--no-reconnect', '--no-reconnect', [CompletionResultType]::ParameterName, 'End when a port or server is not there or goes away')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Short for --format json')
            [CompletionResult]::new('--csv', '--csv', [CompletionResultType]::ParameterName, 'Short for --format csv')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Short for --format raw')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'With --json: over several lines, indented')
            [CompletionResult]::new('--csv-formulas', '--csv-formulas', [CompletionResultType]::ParameterName, 'With --csv: leave texts that begin with = + - @ as they are; else an apostrophe keeps spreadsheets from computing them')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'With --json: also refused frames, and when a port is lost or comes back')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing file')
            [CompletionResult]::new('--append', '--append', [CompletionResultType]::ParameterName, 'Append to an existing file')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Examine the input step by step: what was looked at, what was found, where it first fails')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace all that names a meter, so that the output can be posted in a forum')
            [CompletionResult]::new('--merge', '--merge', [CompletionResultType]::ParameterName, 'Put the pushes of a meter together that sends several lists: each row has the newest of all values, and how old they are (watch does so by itself)')
            [CompletionResult]::new('--no-merge', '--no-merge', [CompletionResultType]::ParameterName, 'Each push by itself')
            [CompletionResult]::new('--derive', '--derive', [CompletionResultType]::ParameterName, 'Compute net power, surplus of each phase, and the mean power of the running quarter hour')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;parse' {
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File with the key: 32 hexadecimal digits or 16 bytes')
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Key ring: TOML with a key for each meter; tag = "required" there refuses its frames without tag')
            [CompletionResult]::new('--auth-key', '--auth-key', [CompletionResultType]::ParameterName, 'Second key, for meters that have one of their own (Austria, Switzerland); Luxembourg''s is built in')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'What to do with a frame whose tag, the proof of origin, is wrong')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson')
            [CompletionResult]::new('--meter', '--meter', [CompletionResultType]::ParameterName, 'Only frames of this meter: device id or system title; repeatable')
            [CompletionResult]::new('--shard', '--shard', [CompletionResultType]::ParameterName, 'Only the K-th of N equal parts of all meters, to share a stream among N processes')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of the meter''s clock, for times without S or W [default: Europe/Luxembourg]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--baud', '--baud', [CompletionResultType]::ParameterName, 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]')
            [CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Data bits, parity and stop bits of serial ports [default: 8N1]')
            [CompletionResult]::new('--rts', '--rts', [CompletionResultType]::ParameterName, 'Set the control line RTS [default: as the system sets it]')
            [CompletionResult]::new('--dtr', '--dtr', [CompletionResultType]::ParameterName, 'Set the control line DTR [default: as the system sets it]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End with exit code 5 when no telegram comes for so long (30s, 5m)')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'End after so long (30s, 10m, 2h, 1d)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'What is printed')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What is printed')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Only these values: names or OBIS codes with commas; `-F help` lists them')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Only these values: names or OBIS codes with commas; `-F help` lists them')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Threads that decode files of encrypted frames [default: one a processor]')
            [CompletionResult]::new('--reference-power', '--reference-power', [CompletionResultType]::ParameterName, 'Compute what is left in the quarter hour, and what lies above this power each quarter, day and month (7kW, 3500W); means --derive too')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Keep sums, and the frame counters of meters, over a restart in this file [default in watch with --derive: derive.json in the state folder]')
            [CompletionResult]::new('--meters-max', '--meters-max', [CompletionResultType]::ParameterName, 'Keep so many meters apart, in --state and, where they are, --mqtt and --metrics [default: 256]; those with a key come first')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('--show-key', '--show-key', [CompletionResultType]::ParameterName, 'When one digit of the key turns out to be mistyped, say which it should be')
            [CompletionResult]::new('--allow-plain', '--allow-plain', [CompletionResultType]::ParameterName, 'Take telegrams in clear that name a meter with a key: without this they are refused, as anybody on the line could have written them')
            [CompletionResult]::new('--ignore-crc', '--ignore-crc', [CompletionResultType]::ParameterName, 'Print telegrams whose CRC does not fit, and mark them')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Read on when a file grows, as tail -F does, also when it is replaced or emptied; Ctrl-C, -n or --duration ends it')
            [CompletionResult]::new('--repair', '--repair', [CompletionResultType]::ParameterName, 'Undo what a serial port in the wrong mode or an editor has done, where a tag or CRC proves it')
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'Print the last telegram only')
            [CompletionResult]::new('--no-reconnect', '--no-reconnect', [CompletionResultType]::ParameterName, 'End when a port or server is not there or goes away')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Short for --format json')
            [CompletionResult]::new('--csv', '--csv', [CompletionResultType]::ParameterName, 'Short for --format csv')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Short for --format raw')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'With --json: over several lines, indented')
            [CompletionResult]::new('--csv-formulas', '--csv-formulas', [CompletionResultType]::ParameterName, 'With --csv: leave texts that begin with = + - @ as they are; else an apostrophe keeps spreadsheets from computing them')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'With --json: also refused frames, and when a port is lost or comes back')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing file')
            [CompletionResult]::new('--append', '--append', [CompletionResultType]::ParameterName, 'Append to an existing file')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Examine the input step by step: what was looked at, what was found, where it first fails')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace all that names a meter, so that the output can be posted in a forum')
            [CompletionResult]::new('--merge', '--merge', [CompletionResultType]::ParameterName, 'Put the pushes of a meter together that sends several lists: each row has the newest of all values, and how old they are (watch does so by itself)')
            [CompletionResult]::new('--no-merge', '--no-merge', [CompletionResultType]::ParameterName, 'Each push by itself')
            [CompletionResult]::new('--derive', '--derive', [CompletionResultType]::ParameterName, 'Compute net power, surplus of each phase, and the mean power of the running quarter hour')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;inspect' {
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File with the key: 32 hexadecimal digits or 16 bytes')
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Key ring: TOML with a key for each meter; tag = "required" there refuses its frames without tag')
            [CompletionResult]::new('--auth-key', '--auth-key', [CompletionResultType]::ParameterName, 'Second key, for meters that have one of their own (Austria, Switzerland); Luxembourg''s is built in')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'What to do with a frame whose tag, the proof of origin, is wrong')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson')
            [CompletionResult]::new('--meter', '--meter', [CompletionResultType]::ParameterName, 'Only frames of this meter: device id or system title; repeatable')
            [CompletionResult]::new('--shard', '--shard', [CompletionResultType]::ParameterName, 'Only the K-th of N equal parts of all meters, to share a stream among N processes')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of the meter''s clock, for times without S or W [default: Europe/Luxembourg]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--baud', '--baud', [CompletionResultType]::ParameterName, 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]')
            [CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Data bits, parity and stop bits of serial ports [default: 8N1]')
            [CompletionResult]::new('--rts', '--rts', [CompletionResultType]::ParameterName, 'Set the control line RTS [default: as the system sets it]')
            [CompletionResult]::new('--dtr', '--dtr', [CompletionResultType]::ParameterName, 'Set the control line DTR [default: as the system sets it]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End with exit code 5 when no telegram comes for so long (30s, 5m)')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'End after so long (30s, 10m, 2h, 1d)')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to a file, made whole or not at all')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write to a file, made whole or not at all')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('--show-key', '--show-key', [CompletionResultType]::ParameterName, 'When one digit of the key turns out to be mistyped, say which it should be')
            [CompletionResult]::new('--allow-plain', '--allow-plain', [CompletionResultType]::ParameterName, 'Take telegrams in clear that name a meter with a key: without this they are refused, as anybody on the line could have written them')
            [CompletionResult]::new('--ignore-crc', '--ignore-crc', [CompletionResultType]::ParameterName, 'Print telegrams whose CRC does not fit, and mark them')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Read on when a file grows, as tail -F does, also when it is replaced or emptied; Ctrl-C, -n or --duration ends it')
            [CompletionResult]::new('--repair', '--repair', [CompletionResultType]::ParameterName, 'Undo what a serial port in the wrong mode or an editor has done, where a tag or CRC proves it')
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'Print the last telegram only')
            [CompletionResult]::new('--no-reconnect', '--no-reconnect', [CompletionResultType]::ParameterName, 'End when a port or server is not there or goes away')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'An object a frame, with an object for each field')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'With --json: over several lines, indented')
            [CompletionResult]::new('--all-bytes', '--all-bytes', [CompletionResultType]::ParameterName, 'All bytes of long fields, over several lines')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing file')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace all that names a meter, so that the output can be posted in a forum')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;report' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Length of the periods: quarter, hour, day, week, month, year [default: as suits the recording]')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'From this time on (2026-01-01, 2026-01-01T06:15): a whole quarter of an hour, by the zone of --tz')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Up to this time, which is left out itself')
            [CompletionResult]::new('--reference-power', '--reference-power', [CompletionResultType]::ParameterName, 'Sum up what was imported above this power, quarter by quarter (7kW, 3500W)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File with the key: 32 hexadecimal digits or 16 bytes')
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Key ring: TOML with a key for each meter; tag = "required" there refuses its frames without tag')
            [CompletionResult]::new('--auth-key', '--auth-key', [CompletionResultType]::ParameterName, 'Second key, for meters that have one of their own (Austria, Switzerland); Luxembourg''s is built in')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'What to do with a frame whose tag, the proof of origin, is wrong')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson')
            [CompletionResult]::new('--meter', '--meter', [CompletionResultType]::ParameterName, 'Only frames of this meter: device id or system title; repeatable')
            [CompletionResult]::new('--shard', '--shard', [CompletionResultType]::ParameterName, 'Only the K-th of N equal parts of all meters, to share a stream among N processes')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of the meter''s clock, for times without S or W [default: Europe/Luxembourg]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--baud', '--baud', [CompletionResultType]::ParameterName, 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]')
            [CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Data bits, parity and stop bits of serial ports [default: 8N1]')
            [CompletionResult]::new('--rts', '--rts', [CompletionResultType]::ParameterName, 'Set the control line RTS [default: as the system sets it]')
            [CompletionResult]::new('--dtr', '--dtr', [CompletionResultType]::ParameterName, 'Set the control line DTR [default: as the system sets it]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End with exit code 5 when no telegram comes for so long (30s, 5m)')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'End after so long (30s, 10m, 2h, 1d)')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to a file, made whole or not at all')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write to a file, made whole or not at all')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('--show-key', '--show-key', [CompletionResultType]::ParameterName, 'When one digit of the key turns out to be mistyped, say which it should be')
            [CompletionResult]::new('--allow-plain', '--allow-plain', [CompletionResultType]::ParameterName, 'Take telegrams in clear that name a meter with a key: without this they are refused, as anybody on the line could have written them')
            [CompletionResult]::new('--ignore-crc', '--ignore-crc', [CompletionResultType]::ParameterName, 'Print telegrams whose CRC does not fit, and mark them')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Read on when a file grows, as tail -F does, also when it is replaced or emptied; Ctrl-C, -n or --duration ends it')
            [CompletionResult]::new('--repair', '--repair', [CompletionResultType]::ParameterName, 'Undo what a serial port in the wrong mode or an editor has done, where a tag or CRC proves it')
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'Print the last telegram only')
            [CompletionResult]::new('--no-reconnect', '--no-reconnect', [CompletionResultType]::ParameterName, 'End when a port or server is not there or goes away')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'One object per period and meter')
            [CompletionResult]::new('--csv', '--csv', [CompletionResultType]::ParameterName, 'One row per period and meter')
            [CompletionResult]::new('--html', '--html', [CompletionResultType]::ParameterName, 'A page with pictures that opens in any browser, without a network; also where the name of --out ends in .html')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing file')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;watch' {
            [CompletionResult]::new('--every', '--every', [CompletionResultType]::ParameterName, 'Only the last telegram of each period, for each meter (10s, 60s, 15m, 1d); hours and days are those of --tz')
            [CompletionResult]::new('--rotate', '--rotate', [CompletionResultType]::ParameterName, 'Begin a new file each day (daily) or at a size (100MB, 1GiB): a-2026-11-23.csv, a.1.csv')
            [CompletionResult]::new('--mqtt', '--mqtt', [CompletionResultType]::ParameterName, 'Publish to a broker: mqtt://USER@HOST:1883/PREFIX, mqtts:// with TLS; PREFIX is smarty unless named')
            [CompletionResult]::new('--mqtt-password-file', '--mqtt-password-file', [CompletionResultType]::ParameterName, 'File with the password of the user; else SMARTY_MQTT_PASSWORD, else it is asked for')
            [CompletionResult]::new('--mqtt-topics', '--mqtt-topics', [CompletionResultType]::ParameterName, 'What is published: a topic for each value, the whole telegram as JSON, or both [default: values]')
            [CompletionResult]::new('--mqtt-qos', '--mqtt-qos', [CompletionResultType]::ParameterName, 'Whether messages arrive perhaps (0), surely (1) or once (2) [default: 1]')
            [CompletionResult]::new('--mqtt-retain', '--mqtt-retain', [CompletionResultType]::ParameterName, 'Whether the broker keeps values for those who come later [default: on]')
            [CompletionResult]::new('--mqtt-layout', '--mqtt-layout', [CompletionResultType]::ParameterName, 'Names of topics: of smarty, or of the SmartyReader board (PREFIX is then lamsmarty) [default: smarty]')
            [CompletionResult]::new('--mqtt-version', '--mqtt-version', [CompletionResultType]::ParameterName, 'MQTT 3.1.1 (3) or 5 [default: 5, else 3]')
            [CompletionResult]::new('--mqtt-ca', '--mqtt-ca', [CompletionResultType]::ParameterName, 'Certificate of your own authority, PEM, instead of those that the machine trusts')
            [CompletionResult]::new('--mqtt-cert', '--mqtt-cert', [CompletionResultType]::ParameterName, 'Certificate that the broker wants to see, PEM')
            [CompletionResult]::new('--mqtt-cert-key', '--mqtt-cert-key', [CompletionResultType]::ParameterName, 'Private key of that certificate, PEM')
            [CompletionResult]::new('--mqtt-client-id', '--mqtt-client-id', [CompletionResultType]::ParameterName, 'Name at the broker [default: smarty- and a number of chance]')
            [CompletionResult]::new('--discovery-prefix', '--discovery-prefix', [CompletionResultType]::ParameterName, 'Where Home Assistant looks for what there is [default: homeassistant]')
            [CompletionResult]::new('--forward', '--forward', [CompletionResultType]::ParameterName, 'Serve the telegrams, decrypted and byte for byte, to other software: tcp://HOST:PORT, a port alone (this machine only), or pty:PATH (a serial port); a label before it takes one source (house=tcp://:2001); repeatable')
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Serve all numbers to Prometheus under /metrics, and under /healthz whether every source sends: HOST:PORT, or a port alone (this machine only)')
            [CompletionResult]::new('--metrics-user', '--metrics-user', [CompletionResultType]::ParameterName, 'Ask for this user and a password before anything is shown')
            [CompletionResult]::new('--metrics-password-file', '--metrics-password-file', [CompletionResultType]::ParameterName, 'File with the password of that user; else SMARTY_METRICS_PASSWORD, or smarty.metrics-password of systemd')
            [CompletionResult]::new('--metrics-cert', '--metrics-cert', [CompletionResultType]::ParameterName, 'Serve with TLS (https), with this certificate, PEM')
            [CompletionResult]::new('--metrics-cert-key', '--metrics-cert-key', [CompletionResultType]::ParameterName, 'Private key of that certificate, PEM')
            [CompletionResult]::new('--metrics-host', '--metrics-host', [CompletionResultType]::ParameterName, 'Answer under this name of the machine too, and under no unknown one; repeatable [default: over loopback those of this machine, over a network all]')
            [CompletionResult]::new('--reference-power', '--reference-power', [CompletionResultType]::ParameterName, 'Compute what is left in the quarter hour, and what lies above this power each quarter, day and month (7kW, 3500W); means --derive too')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Keep sums, and the frame counters of meters, over a restart in this file [default in watch with --derive: derive.json in the state folder]')
            [CompletionResult]::new('--meters-max', '--meters-max', [CompletionResultType]::ParameterName, 'Keep so many meters apart, in --state and, where they are, --mqtt and --metrics [default: 256]; those with a key come first')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File with the key: 32 hexadecimal digits or 16 bytes')
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Key ring: TOML with a key for each meter; tag = "required" there refuses its frames without tag')
            [CompletionResult]::new('--auth-key', '--auth-key', [CompletionResultType]::ParameterName, 'Second key, for meters that have one of their own (Austria, Switzerland); Luxembourg''s is built in')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'What to do with a frame whose tag, the proof of origin, is wrong')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson')
            [CompletionResult]::new('--meter', '--meter', [CompletionResultType]::ParameterName, 'Only frames of this meter: device id or system title; repeatable')
            [CompletionResult]::new('--shard', '--shard', [CompletionResultType]::ParameterName, 'Only the K-th of N equal parts of all meters, to share a stream among N processes')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Zone of the meter''s clock, for times without S or W [default: Europe/Luxembourg]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Stop after so many telegrams')
            [CompletionResult]::new('--baud', '--baud', [CompletionResultType]::ParameterName, 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]')
            [CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Data bits, parity and stop bits of serial ports [default: 8N1]')
            [CompletionResult]::new('--rts', '--rts', [CompletionResultType]::ParameterName, 'Set the control line RTS [default: as the system sets it]')
            [CompletionResult]::new('--dtr', '--dtr', [CompletionResultType]::ParameterName, 'Set the control line DTR [default: as the system sets it]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End with exit code 5 when no telegram comes for so long (30s, 5m)')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'End after so long (30s, 10m, 2h, 1d)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'What is printed')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What is printed')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Only these values: names or OBIS codes with commas; `-F help` lists them')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Only these values: names or OBIS codes with commas; `-F help` lists them')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Threads that decode files of encrypted frames [default: one a processor]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('--on-change', '--on-change', [CompletionResultType]::ParameterName, 'Only telegrams with a value that changed, the clock aside; with -F those values only')
            [CompletionResult]::new('--no-mqtt', '--no-mqtt', [CompletionResultType]::ParameterName, 'Do not publish, whatever smarty.toml says')
            [CompletionResult]::new('--no-discovery', '--no-discovery', [CompletionResultType]::ParameterName, 'Do not tell Home Assistant what there is')
            [CompletionResult]::new('--forward-raw', '--forward-raw', [CompletionResultType]::ParameterName, 'Serve the frames as received instead: encrypted ones stay so')
            [CompletionResult]::new('--derive', '--derive', [CompletionResultType]::ParameterName, 'Compute net power, surplus of each phase, and the mean power of the running quarter hour')
            [CompletionResult]::new('--show-key', '--show-key', [CompletionResultType]::ParameterName, 'When one digit of the key turns out to be mistyped, say which it should be')
            [CompletionResult]::new('--allow-plain', '--allow-plain', [CompletionResultType]::ParameterName, 'Take telegrams in clear that name a meter with a key: without this they are refused, as anybody on the line could have written them')
            [CompletionResult]::new('--ignore-crc', '--ignore-crc', [CompletionResultType]::ParameterName, 'Print telegrams whose CRC does not fit, and mark them')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Read on when a file grows, as tail -F does, also when it is replaced or emptied; Ctrl-C, -n or --duration ends it')
            [CompletionResult]::new('--repair', '--repair', [CompletionResultType]::ParameterName, 'Undo what a serial port in the wrong mode or an editor has done, where a tag or CRC proves it')
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'Print the last telegram only')
            [CompletionResult]::new('--no-reconnect', '--no-reconnect', [CompletionResultType]::ParameterName, 'End when a port or server is not there or goes away')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Short for --format json')
            [CompletionResult]::new('--csv', '--csv', [CompletionResultType]::ParameterName, 'Short for --format csv')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Short for --format raw')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'With --json: over several lines, indented')
            [CompletionResult]::new('--csv-formulas', '--csv-formulas', [CompletionResultType]::ParameterName, 'With --csv: leave texts that begin with = + - @ as they are; else an apostrophe keeps spreadsheets from computing them')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'With --json: also refused frames, and when a port is lost or comes back')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing file')
            [CompletionResult]::new('--append', '--append', [CompletionResultType]::ParameterName, 'Append to an existing file')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Examine the input step by step: what was looked at, what was found, where it first fails')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace all that names a meter, so that the output can be posted in a forum')
            [CompletionResult]::new('--merge', '--merge', [CompletionResultType]::ParameterName, 'Put the pushes of a meter together that sends several lists: each row has the newest of all values, and how old they are (watch does so by itself)')
            [CompletionResult]::new('--no-merge', '--no-merge', [CompletionResultType]::ParameterName, 'Each push by itself')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;simulate' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which meter it is: country and version')
            [CompletionResult]::new('--meters', '--meters', [CompletionResultType]::ParameterName, 'How many meters, each with a household and a key of its own')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Where all chance comes from: the same seed gives the same households')
            [CompletionResult]::new('--start', '--start', [CompletionResultType]::ParameterName, 'What the meter''s clock shows first; now, or 2026-01-01 for a file or stdout')
            [CompletionResult]::new('--fault', '--fault', [CompletionResultType]::ParameterName, 'What is wrong with the meter or the line, as KIND or KIND=AMOUNT; repeatable, see --help')
            [CompletionResult]::new('--replay', '--replay', [CompletionResultType]::ParameterName, 'Play a capture again instead: by its times where it is a log, else a frame each period')
            [CompletionResult]::new('--period', '--period', [CompletionResultType]::ParameterName, 'Time between two telegrams of a meter (10s, 15m); what the profile does if not given')
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'How much faster than real time goes; 1, or as fast as possible into a file or stdout')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'End after so many telegrams of each meter')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End after so many telegrams of each meter')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'End after so long (30s, 1d); by the meter''s clock where it is as fast as possible')
            [CompletionResult]::new('--link', '--link', [CompletionResultType]::ParameterName, 'A fixed path for the virtual serial port; for several meters %n in it, or its end, is the number')
            [CompletionResult]::new('--tcp', '--tcp', [CompletionResultType]::ParameterName, 'Serve TCP: all meters at HOST:PORT, or each at a port of its own with HOST:FIRST-LAST')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to a file, - is stdout: as fast as possible; the default where stdout is no terminal')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write to a file, - is stdout: as fast as possible; the default where stdout is no terminal')
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Write the key ring of the meters to a file, for --keyring of the other commands')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('--plain', '--plain', [CompletionResultType]::ParameterName, 'Send in clear, whatever the profile does')
            [CompletionResult]::new('--encrypted', '--encrypted', [CompletionResultType]::ParameterName, 'Encrypt, whatever the profile does')
            [CompletionResult]::new('--pty', '--pty', [CompletionResultType]::ParameterName, 'Make a virtual serial port (a pseudo-terminal) for each meter and print its path; the default on a terminal')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace existing files')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;ports' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;keys' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add the key of a meter to the key ring')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the key ring, with check values in place of keys')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Tell how many frames a key opens, and what is wrong with it where it opens none')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove the keys of meters from the key ring')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'smarty;keys;add' {
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it, as without it; what is piped in is read')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it, as without it; what is piped in is read')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File with the key: 32 hexadecimal digits or 16 bytes; of two, the second is the authentication key')
            [CompletionResult]::new('--auth-key', '--auth-key', [CompletionResultType]::ParameterName, 'Second key, for meters that have one of their own (GAK, GPK61)')
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Key ring to add to [default: keys.toml in the configuration folder]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'What the meter is called: the label of its source, and its name in outputs')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Whether each frame of the meter ends in a tag, the proof of origin')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('--allow-plain', '--allow-plain', [CompletionResultType]::ParameterName, 'The meter may send in clear as well')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace the entry of the meter')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;keys;list' {
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Key ring to list [default: keys.toml in the configuration folder]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'One object per entry')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;keys;check' {
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key of the meter, 32 hexadecimal digits; alone: ask for it')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File with the key, or with both keys of the meter, one a line')
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Key ring: TOML with a key for each meter')
            [CompletionResult]::new('--auth-key', '--auth-key', [CompletionResultType]::ParameterName, 'Second key, for meters that have one of their own (GAK, GPK61); Luxembourg''s is built in')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'What a file looks like: auto finds it out, or bin, hex, xxd, hexdump, carray, base64, log, text, ndjson')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'What a file looks like: auto finds it out, or bin, hex, xxd, hexdump, carray, base64, log, text, ndjson')
            [CompletionResult]::new('--meter', '--meter', [CompletionResultType]::ParameterName, 'Only frames of this meter: device id or system title; repeatable')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Stop after so many frames [default for ports and servers: 3]')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after so many frames [default for ports and servers: 3]')
            [CompletionResult]::new('--baud', '--baud', [CompletionResultType]::ParameterName, 'Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]')
            [CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Data bits, parity and stop bits of serial ports [default: 8N1]')
            [CompletionResult]::new('--rts', '--rts', [CompletionResultType]::ParameterName, 'Set the control line RTS [default: as the system sets it]')
            [CompletionResult]::new('--dtr', '--dtr', [CompletionResultType]::ParameterName, 'Set the control line DTR [default: as the system sets it]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End with exit code 5 when no telegram comes for so long (30s, 5m)')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'End after so long (30s, 10m, 2h, 1d)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('--no-reconnect', '--no-reconnect', [CompletionResultType]::ParameterName, 'End when a port or server is not there or goes away')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'One object per meter')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;keys;remove' {
            [CompletionResult]::new('--keyring', '--keyring', [CompletionResultType]::ParameterName, 'Key ring to remove from [default: keys.toml in the configuration folder]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;keys;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add the key of a meter to the key ring')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the key ring, with check values in place of keys')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Tell how many frames a key opens, and what is wrong with it where it opens none')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove the keys of meters from the key ring')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'smarty;keys;help;add' {
            break
        }
        'smarty;keys;help;list' {
            break
        }
        'smarty;keys;help;check' {
            break
        }
        'smarty;keys;help;remove' {
            break
        }
        'smarty;keys;help;help' {
            break
        }
        'smarty;generate' {
            [CompletionResult]::new('--program', '--program', [CompletionResultType]::ParameterName, 'The program that the unit of systemd runs [default: this one]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Sources and options in a file, instead of smarty.toml in the configuration folder')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only, without hints')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: what an input looks like, which key is used; twice: each event')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'smarty;help' {
            [CompletionResult]::new('capture', 'capture', [CompletionResultType]::ParameterValue, 'Store what meters send, exactly as it came')
            [CompletionResult]::new('decrypt', 'decrypt', [CompletionResultType]::ParameterValue, 'Decrypt frames and print the telegrams, byte for byte')
            [CompletionResult]::new('parse', 'parse', [CompletionResultType]::ParameterValue, 'Parse telegrams and print tables, JSON or CSV')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show what each byte of a frame is, layer by layer, with what is wrong')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Sum up what was used by hours, days, months or years')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Show meters live, on a screen or line by line')
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'Be a virtual meter, on a pseudo-terminal, TCP, a file or stdout')
            [CompletionResult]::new('ports', 'ports', [CompletionResultType]::ParameterValue, 'List serial ports and what is known of them')
            [CompletionResult]::new('keys', 'keys', [CompletionResultType]::ParameterValue, 'Keep the keys of meters, and check which frames a key opens')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Print completions for shells, man pages, the JSON Schema, a unit of systemd')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'smarty;help;capture' {
            break
        }
        'smarty;help;decrypt' {
            break
        }
        'smarty;help;parse' {
            break
        }
        'smarty;help;inspect' {
            break
        }
        'smarty;help;report' {
            break
        }
        'smarty;help;watch' {
            break
        }
        'smarty;help;simulate' {
            break
        }
        'smarty;help;ports' {
            break
        }
        'smarty;help;keys' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add the key of a meter to the key ring')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the key ring, with check values in place of keys')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Tell how many frames a key opens, and what is wrong with it where it opens none')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove the keys of meters from the key ring')
            break
        }
        'smarty;help;keys;add' {
            break
        }
        'smarty;help;keys;list' {
            break
        }
        'smarty;help;keys;check' {
            break
        }
        'smarty;help;keys;remove' {
            break
        }
        'smarty;help;generate' {
            break
        }
        'smarty;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
