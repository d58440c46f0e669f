# What is wrong: a title for each verdict, what to do about it (.hint), how it is known (.known). Lines of at most 72
# columns; a hint may have several. Texts that a language lacks are taken from here.

silence = nothing arrives from the meter
    .hint =
        check that pin 2 (data request) has 5 V, or is joined to pin 1;
        that data (pin 5) and ground (pin 3) are connected;
        that the operator has opened the port; that it is the right device
    .known = no byte at all
    .known-time = no byte for { $seconds } s; a meter sends every 10 s

inverted_plain = the line is upside down: it must be inverted
    .hint-proven =
        the telegrams are decoded all the same. Use a cable that inverts
        ("for smart meter"), or its inverter (FT_PROG: invert RXD)
    .hint =
        use a cable that inverts the data line ("for smart meter"),
        or switch on the inverter of the adapter (FT_PROG: invert RXD)
    .known = the bytes read as a telegram once they are turned over
    .known-part = turned over they read as a telegram, but not its first characters

inverted_encrypted = the line is upside down: it must be inverted
    .hint =
        use a cable that inverts the data line ("for smart meter"),
        or switch on the inverter of the adapter (FT_PROG: invert RXD)
    .known = the bytes are of the kind that such a line makes

wrong_speed = the port is read at the wrong speed
    .hint =
        use --baud auto, which finds it; or set --baud 115200 --mode 8N1 (meters
        before DSMR 4: 9600 7E1; DLMS pushes: 2400 8E1)

only_zeros = only zeros arrive: the port is read much too fast
    .hint =
        an old meter (DSMR 2.2, 3.0): use --baud 9600 --mode 7E1;
        else the data line is held low: check ground and pull-up

seven_even = the meter sends 7E1, the port reads 8N1
    .hint-encrypted =
        encrypted telegrams need all 8 bits: set the adapter or converter in
        between to 8N1; what is stored cannot be mended
    .hint = use --mode 7E1
    .known = bit 7 makes the number of ones even in each byte

wrong_parity = the port expects a parity bit that is not sent
    .hint = use --mode 8N1

bit7_stripped = the highest bit of each byte was cut off
    .hint =
        use --mode 8N1; switch off ISTRIP (stty -istrip) and any
        "7 bit" or "ASCII" setting of programs and network adapters
    .known = no byte of 80 or more, where half of them should be

sampled_late = some characters are read a moment too late
    .hint =
        the speeds of meter and adapter differ: use another adapter;
        a slow edge does it too: use a stronger pull-up, 1 kOhm to 5 V
    .known = { $shifted } of { $damaged } wrong characters are right ones shifted by one bit

weak_pull_up = the signal is too weak: bits fall from 1 to 0
    .hint =
        put a stronger pull-up on the data line (1 kOhm to 5 V, or 1 kOhm to
        3.3 V for a 3.3 V board), and keep the cable short

noise = the line is noisy: bits are changed on the way
    .hint =
        check plugs and ground (pin 3), keep the cable short and away from
        mains cables; use twisted pairs, data with ground

unknown_bytes = bytes arrive that look like no meter
    .hint = check that the cable goes to the P1 port, and the speed: 115200 8N1

mbus_searching = an M-Bus master looks for meters, and none sends
    .hint =
        ask the operator to switch the customer port on; a meter that wants an
        answer first (OMS, mode 5) cannot be read
    .known = nothing but { $seen ->
            [one] 1 call
           *[other] { $seen } calls
        } of an M-Bus master

wireless_mbus = this is radio of meters: wireless M-Bus, no customer port
    .hint =
        use a program for wireless M-Bus, such as wmbusmeters; the customer
        port of the meter is a socket

request_port = this port answers requests: it is no customer port
    .hint =
        use a program for IEC 62056-21 with an optical head; smarty reads ports
        that send by themselves

sml = this is the optical port of a meter: SML, not P1
    .hint = use a program for SML; smarty reads the P1 port, RJ12, only

telnet = a telnet connection changes the bytes
    .hint =
        switch the network adapter to "raw TCP", or use its raw port;
        the bytes can be mended with --repair
    .known = each byte FF comes twice, { $seen ->
            [one] 1 time
           *[other] { $seen } times
        }

utf8 = a program in between takes the bytes for text
    .hint =
        read the port as bytes, not as text: no terminal program, no decode(),
        no MQTT as string; smarty capture does it right

icrnl = the serial port turns each CR (0D) into LF (0A)
    .hint =
        run: stty -F PORT raw -echo   or read the port with smarty capture;
        what is already stored can be mended with --repair
    .known = no byte 0D at all, and twice as many 0A as there should be
    .known-proven = no byte 0D; put back, the telegram is genuine

ixon = the serial port swallows the bytes 11 and 13
    .hint =
        run: stty -F PORT raw -echo   and switch software flow control off;
        what is already stored can be mended with --repair, given the key
    .known = no 11 and no 13; the telegrams are { $lost ->
            [one] 1 byte
           *[other] { $lost } bytes
        } short, { $expected } expected
    .known-none = no 11 and no 13, where { $expected } should be

cooked = the serial port edits what it reads, as for a keyboard
    .hint = run: stty -F PORT raw -echo   or read the port with smarty capture
    .known = none of the bytes that a terminal acts on, like 03, 04, 7F

line_ends = an editor or git has changed the line ends
    .hint =
        use the file as it was recorded (git: *.txt -text); --repair puts
        the line ends back where the check sum proves it
    .known = no line ends in CR LF as meters send it
    .known-doubled = lines end in CR CR LF: { $inserted ->
            [one] 1 byte
           *[other] { $inserted } bytes
        } too many in a telegram

opened_in_place = pushes were decrypted where they lay, and logged then
    .hint =
        record the bytes as they came, with smarty capture; or read the lines
        of the log that show it before it was decrypted
    .known = text in clear stands where it should be encrypted

parts_lost = pushes come without some of their parts
    .hint =
        read without gaps: one program at the port, no timeout between parts,
        and a buffer of 1024 bytes or more in what stands in between
    .known = { $seen } of { $frames ->
            [one] 1 telegram
           *[other] { $frames } telegrams
        } lack a segment or a block, { $share } %
    .known-hour = { $seen } of { $frames ->
            [one] 1 telegram
           *[other] { $frames } telegrams
        } lack a part, { $share } %, { $often } an hour

link_damaged = pushes are damaged on the way: their check sums do not fit
    .hint =
        check the speed and the parity (2400 8E1 or 8N1 on the M-Bus), the
        cable, and whether the adapter gets enough current
    .known = { $seen } of { $frames ->
            [one] 1 telegram
           *[other] { $frames } telegrams
        } have a wrong check sum, { $share } %
    .known-hour = { $seen } of { $frames ->
            [one] 1 telegram
           *[other] { $frames } telegrams
        } have a wrong check sum, { $share } %, { $often } an hour

lost_bytes = bytes are missing inside the telegrams
    .hint =
        the computer or bridge is too slow: raise its buffer, close other
        programs that read the port, use another adapter
    .hint-packet =
        62 bytes are one USB packet of an FTDI adapter: use another USB port
        or a shorter cable, and check that the computer is not too busy
    .hint-fifo =
        that is the buffer (FIFO) of a serial chip: the computer is too slow
        to empty it; use a USB adapter, or raise the buffer (rx_buffer_size)
    .known = { $lost ->
            [one] one byte is missing
           *[other] { $lost } bytes are missing
        }
    .known-place = { $lost ->
            [one] one byte is missing
           *[other] { $lost } bytes are missing
        } at offset { $place }
    .known-some = something is missing at offset { $place }

inserted_bytes = bytes that were not sent stand inside the telegrams
    .hint-proven =
        the line is held low for a moment, or a program puts them in; what is
        already stored can be mended with --repair
    .hint = check that only one program reads the port, and what stands in between
    .known = { $inserted ->
            [one] 1 byte
           *[other] { $inserted } bytes
        } too many
    .known-proven = { $inserted ->
            [one] 1 byte
           *[other] { $inserted } bytes
        } 00 in a telegram; the rest is right
    .known-place = { $inserted ->
            [one] 1 byte
           *[other] { $inserted } bytes
        } too many from offset { $place } on
    .known-proven-place = { $inserted ->
            [one] 1 byte
           *[other] { $inserted } bytes
        } 00 in a telegram, the first at { $place }; the rest is right

buffer_limit = telegrams end at a size limit of a device in between
    .hint =
        raise the buffer of the dongle or bridge to 4096 bytes
        (Tasmota, ESPHome: rx_buffer_size), or use another firmware

cut_short = telegrams end early
    .hint =
        record for some seconds longer; if it is always so, the reading program
        stops too early or the 5 V of the port break down

damaged_header = the head of a telegram was damaged on the way
    .hint = one telegram now and then is nothing; else check cable and pull-up
    .known-counter = with another head that is nearly the same it opens

unsupported = the telegrams are protected in a way that is not supported
    .hint = ask the operator for "security suite 0" with a key of the meter

downgrade = a telegram without the proof of origin that its meter gives
    .hint = somebody else may have written it; it is not used

replayed = a telegram that was sent before is sent once more
    .hint =
        somebody may play back what was recorded: such telegrams are not used;
        a recording is read from its file
    .known = it is not numbered higher than the one before
    .known-stands = its counter does not grow
    .known-counters = its counter is { $sent }, { $next } or more is due

no_key = the telegrams are encrypted, and there is no key
    .hint =
        the network operator hands the key to the owner, 32 digits:
        give it with --key, --key-file FILE, SMARTY_KEY or --keyring FILE

wrong_key = the key does not fit this meter
    .hint =
        compare the number on the meter with the one in the operator's letter;
        ask the operator for the key of this meter
    .known = the text is noise from its first character
    .known-numbered = all text is noise, yet the numbering is right: line and meter are fine

key_of_other_meter = the key of another meter is used
    .hint = give this meter its own line in the key ring
    .known = the default key of the key ring opens it
    .known-other = the key of { $meter } in the key ring opens it

key_reversed = the bytes of the key are in the wrong order
    .hint = write the key as it stands in the operator's letter, from left to right

key_digits_reversed = the key is written backwards
    .hint = write the key as it stands in the operator's letter, from left to right

key_nibbles_swapped = the two digits of each byte of the key are swapped
    .hint = write the key as it stands in the operator's letter, from left to right

key_ascii_for_hex = the key is text, and was taken for hexadecimal digits
    .hint = give the key as 32 digits 0-9, A-F, two for each letter

key_hex_of_hex = the key was turned into hexadecimal digits twice
    .hint = give the key as in the letter: 32 digits, and do not convert it

key_is_auth_key = encryption and authentication key are exchanged
    .hint = exchange --key (encryption key) and --auth-key (authentication key)

key_typo = one digit of the key is wrong
    .hint = compare the key with the operator's letter at this place
    .known = it is digit { $digit }; mended, the telegram opens

key_digits_swapped = two digits of the key are exchanged
    .hint = compare the key with the operator's letter at this place

key_two_typos = two digits of the key are wrong
    .hint = compare the key with the operator's letter at this place

damaged_frame = a telegram was damaged on the way
    .hint = one telegram now and then is nothing; else check cable and pull-up

blotted_out = something was blotted out, like a serial number
    .hint =
        nothing is wrong with the line: --ignore-crc prints the telegram all
        the same, marked
    .known = line { $line } is not as it was sent: the check sum cannot fit
    .known-first = the first line is not as it was sent: the check sum cannot fit
    .known-more = line { $line }, and { $more } more: the check sum cannot fit
    .known-first-more = the first line, and { $more } more: the check sum cannot fit

wrong_crc = the check sum (CRC) is wrong, the text looks whole
    .hint-proven =
        it is genuine: the meter itself sends this sum. Tell the operator;
        --ignore-crc prints the telegrams all the same
    .hint =
        if all telegrams have it, the text was changed after it was sent;
        --ignore-crc prints them all the same
    .known = each line is as it should be, only the sum is not
    .known-sums = sent { $sent }, computed { $computed }

other_crc = the check sum (CRC) is of another kind than the standard's
    .hint-proven = nothing to do: the telegrams are used
    .hint = nothing was damaged: --ignore-crc prints the telegrams all the same
    .known = it fits as { $sum }

no_end_line = telegrams stop without an end line, the one with !
    .hint = nothing to do: the telegrams are used; no check sum shows damage
    .known = they stop behind their last line

short_crc = the check sum (CRC) is sent without its leading zeros
    .hint = nothing to do: the telegrams are used
    .known = the number fits, but has fewer than four digits

wrong_auth_key = the authentication key is not the one of this meter
    .hint-public = leave out --auth-key: the public one fits
    .hint =
        ask the operator for the authentication key and give it with --auth-key;
        until then --tag warn lets the telegrams through, marked
    .known = text and check sum (CRC) are right, only the proof of origin is not

damaged_tag = the end of a telegram was damaged on the way
    .hint = one telegram now and then is nothing; else check cable and pull-up
    .known = the text is right, other telegrams of this meter are good

no_telegram = the key opens what comes, but it is no telegram
    .hint = the port is set to another format; ask the operator for DSMR P1

missed = telegrams were sent that never arrived
    .hint = the reading program was away or too slow; one gap is nothing
    .known = { $lost ->
            [one] by their numbers one is missing
           *[other] by their numbers { $lost } are missing
        }

counter_reset = the meter numbers its telegrams anew
    .hint = normal when the key was changed, or when files were joined

repeated_nonce = the meter gave two telegrams the same number
    .hint = tell the operator: this weakens the encryption

two_meters = more than one meter sends here
    .hint = if only one is wanted, name it with --meter
    .known = the telegrams name themselves differently
    .known-names = { $one } and { $two }

key_changed = the key fits no longer: it was changed
    .hint = ask the operator for the new key of this meter
    .known = telegrams opened before; now the text is noise

period_long = telegrams come too seldom
    .hint = check with the operator how the port is set up
    .known = one telegram in { $seconds } s; it should be one in 10 s, or each second

period_short = telegrams come too often
    .hint = check with the operator how the port is set up
    .known = one telegram in { $seconds } s; meters of this version send every 10 s

clock_off = the clock of the meter is wrong
    .hint = tell the operator; times of readings are the meter's own
    .known = it is off by { $time }

value_format = some lines are not as the standard has them
    .hint = the other lines are used; --explain shows the ones that are not
    .known = { $seen ->
            [one] 1 line
           *[other] { $seen } lines
        }
    .known-place = { $seen ->
            [one] one line, at { $place }
           *[other] { $seen } lines, the first at { $place }
        }

scale_unknown = values come without a scale, and nothing tells it
    .hint =
        they are shown as sent, without a unit: compare them with the display of
        the meter, and ask its operator what the list is scaled by
    .known = { $seen ->
            [one] 1 value
           *[other] { $seen } values
        } of a list of { $expected }
    .known-line = { $line }, { $seen ->
            [one] 1 value
           *[other] { $seen } values
        } of a list of { $expected }

pulses_disagree = what the meter counts and its pulses disagree
    .hint =
        compare per_kwh with the front of the meter (imp/kWh); shade the sensor
        from other light; shortest= filters bounces, and pulses with them
    .known = { $pulses } Wh by pulses, { $counter } Wh by the meter

# How it is known: shared by several.
bytes-changed = { $bytes ->
        [one] 1 byte changed
       *[other] { $bytes } bytes changed
    }
bits-changed = { $bytes ->
        [one] 1 byte
       *[other] { $bytes } bytes
    } changed: { $fallen ->
        [one] 1 bit
       *[other] { $fallen } bits
    } went from 1 to 0, { $risen } from 0 to 1
speed-known = the bytes are as if sent at { $sent } and read at { $read } baud
end-early = { $seen } of { $frames ->
        [one] 1 telegram
       *[other] { $frames } telegrams
    } end early, at { $have ->
        [one] 1 byte
       *[other] { $have } bytes
    }
came-of = { $have } of { $need ->
        [one] 1 byte
       *[other] { $need } bytes
    } came
came-no-end = { $have ->
        [one] 1 byte came, and no end
       *[other] { $have } bytes came, and no end
    }
key-opens = put right, it opens the telegrams
two-digits = it is digits { $first } and { $second }; mended, the telegram opens
bytes-at = bytes { $span }
about-meter = of { $meter }

# What is said beside a title.
times = { $what } ({ $times ->
        [one] 1 time
       *[other] { $times } times
    })
or-else = or: { $what }

# What would tell two causes apart.
apart-second = a second telegram tells: record for 20 s
apart-key = the key of the meter would show the place
apart-limit = more telegrams tell: a limit is always the same
apart-encrypted = an encrypted telegram would tell; the remedy is the same
apart-minutes = more damaged telegrams tell: record for some minutes
apart-minute = more telegrams tell: record for a minute

# Spans of time.
span-seconds = { $seconds } s
span-minutes = { $minutes } minutes
span-hours = { $hours } h { $minutes } min
span-days = { $days } days

# Which text a check sum covers.
sum-whole = { $sum }, from / to !
sum-no-mark = { $sum }, without the !
sum-no-slash = { $sum }, without the /
sum-inner = { $sum }, without / and !
sum-swapped = { $what }, bytes swapped

# Makers of meters, and whom to ask for which key.
maker-kfm = a Kaifa, as in Austria: ask for the GUEK; it needs no second key
maker-kam = a Kamstrup, as in Denmark: ask for GPK60 (--key) and GPK61 (--auth-key)
maker-lgz =
    a Landis+Gyr: in Austria ask for GUEK (--key) and GAK (--auth-key),
    in Switzerland for both keys of the customer port
maker-isk =
    an Iskraemeco: in Austria ask for the GUEK, in Slovenia and Switzerland
    for the keys of the customer port, one or two
maker-sit = a Siemens, as in Austria: ask for the GUEK; it needs no second key
maker-egm = an Elgama, as in Poland: ask for both keys of the customer port
