
use builtin;
use str;

set edit:completion:arg-completer[smarty] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'smarty'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'smarty'= {
            cand --color 'When to use colours'
            cand -q 'Say errors only, without hints'
            cand --quiet 'Say errors only, without hints'
            cand -v 'Say more: which form an input has, which key is used; twice: each event'
            cand --verbose 'Say more: which form an input has, which key is used; twice: each event'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand decrypt 'Decrypt frames and print the telegrams, byte for byte'
            cand parse 'Parse telegrams and print tables, JSON or CSV'
            cand simulate 'Be a virtual meter, on a pseudo-terminal, TCP, a file or stdout'
            cand ports 'List serial ports and what is known of them'
            cand generate 'Print shell completions, man pages or the JSON Schema'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'smarty;decrypt'= {
            cand -k 'Key of the meter, 32 hexadecimal digits; alone: ask for it'
            cand --key 'Key of the meter, 32 hexadecimal digits; alone: ask for it'
            cand --key-file 'File with the key: 32 hexadecimal digits or 16 bytes'
            cand --keyring 'Key ring: TOML with a key for each meter'
            cand --auth-key 'Authentication key, where it is not that of Luxembourg'
            cand --tag 'What a wrong tag does: verify refuses the frame, warn lets it through when its CRC is right, skip does not look'
            cand -i 'How the bytes are written down: auto, bin, hex, xxd, hexdump, carray, base64, log, text, ndjson'
            cand --input 'How the bytes are written down: auto, bin, hex, xxd, hexdump, carray, base64, log, text, ndjson'
            cand --meter 'Only frames of this meter: device id or system title; repeatable'
            cand --tz 'Zone of the meter''s clock, for times without S or W'
            cand -n 'Stop after so many telegrams'
            cand --count 'Stop after so many telegrams'
            cand --limit 'Stop after so many telegrams'
            cand --baud 'Speed of serial ports, in baud'
            cand --mode 'Data bits, parity and stop bits of serial ports'
            cand --rts 'Set the control line RTS'
            cand --dtr 'Set the control line DTR'
            cand --timeout 'End with exit code 5 when no telegram came for so long (30s, 5m)'
            cand --duration 'End after so long (30s, 10m, 2h, 1d)'
            cand -f 'What is printed'
            cand --format 'What is printed'
            cand -F 'Only these values: names or OBIS codes with commas; `-F help` lists them'
            cand --fields 'Only these values: names or OBIS codes with commas; `-F help` lists them'
            cand -o 'Write to a file, made whole or not at all'
            cand --out 'Write to a file, made whole or not at all'
            cand --color 'When to use colours'
            cand --ignore-crc 'Print telegrams whose CRC does not fit, and mark them'
            cand --last 'Print the last telegram only'
            cand --no-reconnect 'End when a port or server goes away'
            cand --json 'Short for --format json'
            cand --csv 'Short for --format csv'
            cand --raw 'Short for --format raw'
            cand --pretty 'JSON over several lines'
            cand --events 'JSON also of refused frames and of the link'
            cand --force 'Replace an existing file'
            cand --append 'Append to an existing file'
            cand --redact 'Replace what names a meter, for posting in a forum'
            cand -q 'Say errors only, without hints'
            cand --quiet 'Say errors only, without hints'
            cand -v 'Say more: which form an input has, which key is used; twice: each event'
            cand --verbose 'Say more: which form an input has, which key is used; twice: each event'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'smarty;parse'= {
            cand -k 'Key of the meter, 32 hexadecimal digits; alone: ask for it'
            cand --key 'Key of the meter, 32 hexadecimal digits; alone: ask for it'
            cand --key-file 'File with the key: 32 hexadecimal digits or 16 bytes'
            cand --keyring 'Key ring: TOML with a key for each meter'
            cand --auth-key 'Authentication key, where it is not that of Luxembourg'
            cand --tag 'What a wrong tag does: verify refuses the frame, warn lets it through when its CRC is right, skip does not look'
            cand -i 'How the bytes are written down: auto, bin, hex, xxd, hexdump, carray, base64, log, text, ndjson'
            cand --input 'How the bytes are written down: auto, bin, hex, xxd, hexdump, carray, base64, log, text, ndjson'
            cand --meter 'Only frames of this meter: device id or system title; repeatable'
            cand --tz 'Zone of the meter''s clock, for times without S or W'
            cand -n 'Stop after so many telegrams'
            cand --count 'Stop after so many telegrams'
            cand --limit 'Stop after so many telegrams'
            cand --baud 'Speed of serial ports, in baud'
            cand --mode 'Data bits, parity and stop bits of serial ports'
            cand --rts 'Set the control line RTS'
            cand --dtr 'Set the control line DTR'
            cand --timeout 'End with exit code 5 when no telegram came for so long (30s, 5m)'
            cand --duration 'End after so long (30s, 10m, 2h, 1d)'
            cand -f 'What is printed'
            cand --format 'What is printed'
            cand -F 'Only these values: names or OBIS codes with commas; `-F help` lists them'
            cand --fields 'Only these values: names or OBIS codes with commas; `-F help` lists them'
            cand -o 'Write to a file, made whole or not at all'
            cand --out 'Write to a file, made whole or not at all'
            cand --color 'When to use colours'
            cand --ignore-crc 'Print telegrams whose CRC does not fit, and mark them'
            cand --last 'Print the last telegram only'
            cand --no-reconnect 'End when a port or server goes away'
            cand --json 'Short for --format json'
            cand --csv 'Short for --format csv'
            cand --raw 'Short for --format raw'
            cand --pretty 'JSON over several lines'
            cand --events 'JSON also of refused frames and of the link'
            cand --force 'Replace an existing file'
            cand --append 'Append to an existing file'
            cand --redact 'Replace what names a meter, for posting in a forum'
            cand -q 'Say errors only, without hints'
            cand --quiet 'Say errors only, without hints'
            cand -v 'Say more: which form an input has, which key is used; twice: each event'
            cand --verbose 'Say more: which form an input has, which key is used; twice: each event'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'smarty;simulate'= {
            cand --profile 'Which meter it is: country and version'
            cand --meters 'How many meters, each with a household and a key of its own'
            cand --seed 'Where all chance comes from: the same seed gives the same households'
            cand --start 'What the meter''s clock shows first; now, or 2026-01-01 for a file or stdout'
            cand --fault 'What is wrong with the meter or the line, as KIND or KIND=AMOUNT; repeatable, see --help'
            cand --replay 'Play a capture again instead: by its times where it is a log, else a frame each period'
            cand --period 'Time between two telegrams of a meter (10s, 15m); what the profile does if not given'
            cand --speed 'How much faster than real time goes; 1, or as fast as possible into a file or stdout'
            cand -n 'End after so many telegrams of each meter'
            cand --count 'End after so many telegrams of each meter'
            cand --duration 'End after so long (30s, 1d); by the meter''s clock where it is as fast as possible'
            cand --link 'Make a link to the pseudo-terminal; for several meters %n in it, or its end, is the number'
            cand --tcp 'Serve TCP: all meters at HOST:PORT, or each at a port of its own with HOST:FIRST-LAST'
            cand -o 'Write to a file, - is stdout: as fast as possible; the default where stdout is no terminal'
            cand --out 'Write to a file, - is stdout: as fast as possible; the default where stdout is no terminal'
            cand --keyring 'Write the key ring of the meters to a file, for --keyring of the other commands'
            cand --color 'When to use colours'
            cand --plain 'Send in clear, whatever the profile does'
            cand --encrypted 'Encrypt, whatever the profile does'
            cand --pty 'Make a pseudo-terminal a meter, as a serial port, and print its path; the default on a terminal'
            cand --force 'Replace existing files'
            cand -q 'Say errors only, without hints'
            cand --quiet 'Say errors only, without hints'
            cand -v 'Say more: which form an input has, which key is used; twice: each event'
            cand --verbose 'Say more: which form an input has, which key is used; twice: each event'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'smarty;ports'= {
            cand --color 'When to use colours'
            cand -q 'Say errors only, without hints'
            cand --quiet 'Say errors only, without hints'
            cand -v 'Say more: which form an input has, which key is used; twice: each event'
            cand --verbose 'Say more: which form an input has, which key is used; twice: each event'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'smarty;generate'= {
            cand --color 'When to use colours'
            cand -q 'Say errors only, without hints'
            cand --quiet 'Say errors only, without hints'
            cand -v 'Say more: which form an input has, which key is used; twice: each event'
            cand --verbose 'Say more: which form an input has, which key is used; twice: each event'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'smarty;help'= {
            cand decrypt 'Decrypt frames and print the telegrams, byte for byte'
            cand parse 'Parse telegrams and print tables, JSON or CSV'
            cand simulate 'Be a virtual meter, on a pseudo-terminal, TCP, a file or stdout'
            cand ports 'List serial ports and what is known of them'
            cand generate 'Print shell completions, man pages or the JSON Schema'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'smarty;help;decrypt'= {
        }
        &'smarty;help;parse'= {
        }
        &'smarty;help;simulate'= {
        }
        &'smarty;help;ports'= {
        }
        &'smarty;help;generate'= {
        }
        &'smarty;help;help'= {
        }
    ]
    $completions[$command]
}
