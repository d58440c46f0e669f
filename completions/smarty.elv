
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
            cand --config 'Sources and options in a file, instead of smarty.toml in the configuration folder'
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
            cand watch 'Show meters live: a table, a line or a row a telegram'
            cand capture 'Store what meters send, exactly as it came'
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
            cand --tz 'Zone of the meter''s clock, for times without S or W [default: Europe/Luxembourg]'
            cand -n 'Stop after so many telegrams'
            cand --count 'Stop after so many telegrams'
            cand --limit 'Stop after so many telegrams'
            cand --baud 'Speed of serial ports, in baud [default: 115200]'
            cand --mode 'Data bits, parity and stop bits of serial ports [default: 8N1]'
            cand --rts 'Set the control line RTS'
            cand --dtr 'Set the control line DTR'
            cand --timeout 'End with exit code 5 when no telegram came for so long (30s, 5m)'
            cand --duration 'End after so long (30s, 10m, 2h, 1d)'
            cand -f 'What is printed'
            cand --format 'What is printed'
            cand -F 'Only these values: names or OBIS codes with commas; `-F help` lists them'
            cand --fields 'Only these values: names or OBIS codes with commas; `-F help` lists them'
            cand -o 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come'
            cand --out 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come'
            cand --color 'When to use colours'
            cand --config 'Sources and options in a file, instead of smarty.toml in the configuration folder'
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
            cand --tz 'Zone of the meter''s clock, for times without S or W [default: Europe/Luxembourg]'
            cand -n 'Stop after so many telegrams'
            cand --count 'Stop after so many telegrams'
            cand --limit 'Stop after so many telegrams'
            cand --baud 'Speed of serial ports, in baud [default: 115200]'
            cand --mode 'Data bits, parity and stop bits of serial ports [default: 8N1]'
            cand --rts 'Set the control line RTS'
            cand --dtr 'Set the control line DTR'
            cand --timeout 'End with exit code 5 when no telegram came for so long (30s, 5m)'
            cand --duration 'End after so long (30s, 10m, 2h, 1d)'
            cand -f 'What is printed'
            cand --format 'What is printed'
            cand -F 'Only these values: names or OBIS codes with commas; `-F help` lists them'
            cand --fields 'Only these values: names or OBIS codes with commas; `-F help` lists them'
            cand -o 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come'
            cand --out 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come'
            cand --color 'When to use colours'
            cand --config 'Sources and options in a file, instead of smarty.toml in the configuration folder'
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
        &'smarty;watch'= {
            cand --every 'Only the last telegram of each period, for each meter (10s, 60s, 15m, 1d)'
            cand --rotate 'Go on in a new file each day, or at a size (100MB, 1GiB): a-2026-11-23.csv, a.1.csv'
            cand -k 'Key of the meter, 32 hexadecimal digits; alone: ask for it'
            cand --key 'Key of the meter, 32 hexadecimal digits; alone: ask for it'
            cand --key-file 'File with the key: 32 hexadecimal digits or 16 bytes'
            cand --keyring 'Key ring: TOML with a key for each meter'
            cand --auth-key 'Authentication key, where it is not that of Luxembourg'
            cand --tag 'What a wrong tag does: verify refuses the frame, warn lets it through when its CRC is right, skip does not look'
            cand -i 'How the bytes are written down: auto, bin, hex, xxd, hexdump, carray, base64, log, text, ndjson'
            cand --input 'How the bytes are written down: auto, bin, hex, xxd, hexdump, carray, base64, log, text, ndjson'
            cand --meter 'Only frames of this meter: device id or system title; repeatable'
            cand --tz 'Zone of the meter''s clock, for times without S or W [default: Europe/Luxembourg]'
            cand -n 'Stop after so many telegrams'
            cand --count 'Stop after so many telegrams'
            cand --limit 'Stop after so many telegrams'
            cand --baud 'Speed of serial ports, in baud [default: 115200]'
            cand --mode 'Data bits, parity and stop bits of serial ports [default: 8N1]'
            cand --rts 'Set the control line RTS'
            cand --dtr 'Set the control line DTR'
            cand --timeout 'End with exit code 5 when no telegram came for so long (30s, 5m)'
            cand --duration 'End after so long (30s, 10m, 2h, 1d)'
            cand -f 'What is printed'
            cand --format 'What is printed'
            cand -F 'Only these values: names or OBIS codes with commas; `-F help` lists them'
            cand --fields 'Only these values: names or OBIS codes with commas; `-F help` lists them'
            cand -o 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come'
            cand --out 'Write to a file: made whole or not at all; of live sources and in watch, line by line as they come'
            cand --color 'When to use colours'
            cand --config 'Sources and options in a file, instead of smarty.toml in the configuration folder'
            cand --on-change 'Only telegrams with a value that changed, the clock aside; with -F those values only'
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
        &'smarty;capture'= {
            cand -o 'The file to store in; %l in it stands for the label, a file for each source'
            cand --out 'The file to store in; %l in it stands for the label, a file for each source'
            cand -f 'How the bytes are stored'
            cand --format 'How the bytes are stored'
            cand -n 'Stop after so many whole frames'
            cand --count 'Stop after so many whole frames'
            cand --rotate 'Go on in a new file each day, or at a size (100MB, 1GiB): a-2026-11-23.bin, a.1.bin'
            cand --baud 'Speed of serial ports, in baud [default: 115200]'
            cand --mode 'Data bits, parity and stop bits of serial ports [default: 8N1]'
            cand --rts 'Set the control line RTS'
            cand --dtr 'Set the control line DTR'
            cand --timeout 'End with exit code 5 when no telegram came for so long (30s, 5m)'
            cand --duration 'End after so long (30s, 10m, 2h, 1d)'
            cand --color 'When to use colours'
            cand --config 'Sources and options in a file, instead of smarty.toml in the configuration folder'
            cand --force 'Replace an existing file'
            cand --append 'Append to an existing file'
            cand --no-reconnect 'End when a port or server goes away'
            cand -q 'Say errors only, without hints'
            cand --quiet 'Say errors only, without hints'
            cand -v 'Say more: which form an input has, which key is used; twice: each event'
            cand --verbose 'Say more: which form an input has, which key is used; twice: each event'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'smarty;ports'= {
            cand --color 'When to use colours'
            cand --config 'Sources and options in a file, instead of smarty.toml in the configuration folder'
            cand -q 'Say errors only, without hints'
            cand --quiet 'Say errors only, without hints'
            cand -v 'Say more: which form an input has, which key is used; twice: each event'
            cand --verbose 'Say more: which form an input has, which key is used; twice: each event'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'smarty;generate'= {
            cand --color 'When to use colours'
            cand --config 'Sources and options in a file, instead of smarty.toml in the configuration folder'
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
            cand watch 'Show meters live: a table, a line or a row a telegram'
            cand capture 'Store what meters send, exactly as it came'
            cand ports 'List serial ports and what is known of them'
            cand generate 'Print shell completions, man pages or the JSON Schema'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'smarty;help;decrypt'= {
        }
        &'smarty;help;parse'= {
        }
        &'smarty;help;watch'= {
        }
        &'smarty;help;capture'= {
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
