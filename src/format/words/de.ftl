# What is wrong, in German; en.ftl says which texts there are.

silence = vom Zähler kommt nichts an
    .hint =
        prüfen, ob Pin 2 (Datenanforderung) 5 V hat oder mit Pin 1 verbunden
        ist; ob Daten (Pin 5) und Masse (Pin 3) verbunden sind; ob der
        Netzbetreiber den Port freigeschaltet hat; ob es der richtige Port ist
    .known = kein einziges Byte
    .known-time = seit { $seconds } s kein Byte; ein Zähler sendet alle 10 s

inverted_plain = die Leitung ist verkehrt herum: sie muss invertiert werden
    .hint-proven =
        die Telegramme werden trotzdem gelesen. Ein Kabel verwenden, das
        invertiert ("für Smart Meter"), oder dessen Inverter (FT_PROG: invert
        RXD)
    .hint =
        ein Kabel verwenden, das die Datenleitung invertiert ("für Smart
        Meter"), oder den Inverter des Adapters einschalten (FT_PROG)
    .known = umgedreht sind die Bytes als Telegramm lesbar
    .known-part = umgedreht sind sie als Telegramm lesbar, aber nicht die ersten Zeichen

inverted_encrypted = die Leitung ist verkehrt herum: sie muss invertiert werden
    .hint =
        ein Kabel verwenden, das die Datenleitung invertiert ("für Smart
        Meter"), oder den Inverter des Adapters einschalten (FT_PROG)
    .known = die Bytes sind so, wie eine solche Leitung sie macht

wrong_speed = der Port wird mit falscher Geschwindigkeit gelesen
    .hint =
        --baud auto findet sie; oder --baud 115200 --mode 8N1 (Zähler vor DSMR
        4: 9600 7E1; DLMS-Pushes: 2400 8E1)

only_zeros = nur Nullen: der Port wird viel zu schnell gelesen
    .hint =
        ein alter Zähler (DSMR 2.2, 3.0): --baud 9600 --mode 7E1; sonst wird
        die Datenleitung unten gehalten: Masse und Pull-up prüfen

seven_even = der Zähler sendet 7E1, gelesen wird 8N1
    .hint-encrypted =
        verschlüsselte Telegramme brauchen alle 8 Bits: Adapter oder Umsetzer
        auf 8N1 stellen; was gespeichert ist, lässt sich nicht retten
    .hint = --mode 7E1 verwenden
    .known = Bit 7 macht die Zahl der Einsen in jedem Byte gerade

wrong_parity = der Port erwartet ein Paritätsbit, das nicht gesendet wird
    .hint = --mode 8N1 verwenden

bit7_stripped = das höchste Bit jedes Bytes wurde abgeschnitten
    .hint =
        --mode 8N1 verwenden; ISTRIP ausschalten (stty -istrip), ebenso jede
        Einstellung "7 Bit" oder "ASCII" von Programmen und Netzadaptern
    .known = kein Byte ab 80, obwohl es die Hälfte sein müsste

sampled_late = manche Zeichen werden einen Moment zu spät gelesen
    .hint =
        Zähler und Adapter sind verschieden schnell: anderen Adapter nehmen;
        auch eine langsame Flanke bewirkt das: stärkerer Pull-up, 1 kOhm an 5 V
    .known = { $shifted } von { $damaged } falschen Zeichen sind um ein Bit verschoben

weak_pull_up = das Signal ist zu schwach: Bits fallen von 1 auf 0
    .hint =
        stärkerer Pull-up an der Datenleitung (1 kOhm an 5 V, bei einer Platine
        mit 3,3 V an 3,3 V), und ein kurzes Kabel

noise = die Leitung ist gestört: Bits ändern sich unterwegs
    .hint =
        Stecker und Masse (Pin 3) prüfen, Kabel kurz und weg von
        Netzleitungen; verdrillte Paare, Daten mit Masse

unknown_bytes = es kommen Bytes, die nach keinem Zähler aussehen
    .hint = ist es der P1-Port, und stimmt die Geschwindigkeit: 115200 8N1?

mbus_searching = ein M-Bus-Master sucht Zähler, und keiner sendet
    .hint =
        den Netzbetreiber bitten, die Kundenschnittstelle einzuschalten; ein
        Zähler, der erst eine Antwort will (OMS, Modus 5), ist nicht lesbar
    .known = nichts als { $seen ->
            [one] 1 Ruf
           *[other] { $seen } Rufe
        } eines M-Bus-Masters

wireless_mbus = das ist Funk von Zählern: Wireless M-Bus, kein Kundenport
    .hint =
        ein Programm für Wireless M-Bus verwenden, etwa wmbusmeters; der
        Kundenport des Zählers ist eine Buchse

request_port = dieser Port antwortet nur auf Anfragen: kein Kundenport
    .hint =
        ein Programm für IEC 62056-21 mit optischem Kopf verwenden; smarty liest
        Ports, die von selbst senden

sml = das ist die optische Schnittstelle eines Zählers: SML, nicht P1
    .hint = ein Programm für SML verwenden; smarty liest nur den P1-Port, RJ12

telnet = eine Telnet-Verbindung verändert die Bytes
    .hint =
        den Netzadapter auf "raw TCP" stellen, oder dessen rohen Port nehmen;
        --repair stellt die Bytes wieder her
    .known = jedes Byte FF kommt doppelt, { $seen ->
            [one] 1 Mal
           *[other] { $seen } Mal
        }

utf8 = ein Programm dazwischen hält die Bytes für Text
    .hint =
        den Port als Bytes lesen, nicht als Text: kein Terminalprogramm, kein
        decode(), kein MQTT als String; smarty capture macht es richtig

icrnl = der serielle Port macht aus jedem CR (0D) ein LF (0A)
    .hint =
        stty -F PORT raw -echo   oder den Port mit smarty capture lesen; was
        schon gespeichert ist, stellt --repair wieder her
    .known = kein Byte 0D, und doppelt so viele 0A wie nötig
    .known-proven = kein Byte 0D; zurückgesetzt ist das Telegramm echt

ixon = der serielle Port verschluckt die Bytes 11 und 13
    .hint =
        stty -F PORT raw -echo   und die Software-Flusskontrolle ausschalten;
        Gespeichertes stellt --repair mit dem Schlüssel wieder her
    .known = kein 11 und 13; den Telegrammen fehlen { $lost ->
            [one] 1 Byte
           *[other] { $lost } Bytes
        }, erwartet { $expected }
    .known-none = kein 11 und kein 13, wo { $expected } sein müssten

cooked = der serielle Port bearbeitet, was er liest, wie eine Tastatur
    .hint = stty -F PORT raw -echo   oder den Port mit smarty capture lesen
    .known = keines der Bytes, auf die ein Terminal reagiert, wie 03, 04, 7F

line_ends = ein Editor oder git hat die Zeilenenden geändert
    .hint =
        die Datei verwenden, wie sie aufgezeichnet wurde (git: *.txt -text);
        --repair setzt Zeilenenden zurück, wo die Prüfsumme es beweist
    .known = keine Zeile endet mit CR LF, wie Zähler es senden
    .known-doubled = Zeilen enden mit CR CR LF: { $inserted ->
            [one] 1 Byte
           *[other] { $inserted } Bytes
        } zu viel in einem Telegramm

opened_in_place = Pushes wurden an Ort und Stelle entschlüsselt und so geloggt
    .hint =
        die Bytes aufzeichnen, wie sie kamen, mit smarty capture; oder die
        Zeilen des Logs lesen, die sie vor dem Entschlüsseln zeigen
    .known = Klartext steht, wo verschlüsselter stehen müsste

parts_lost = Pushes kommen ohne einige ihrer Teile
    .hint =
        ohne Lücken lesen: ein Programm am Port, keine Wartezeit zwischen
        Teilen, und dazwischen ein Puffer von 1024 Bytes oder mehr
    .known = { $seen } von { $frames ->
            [one] 1 Telegramm
           *[other] { $frames } Telegrammen
        } fehlt ein Segment oder Block, { $share } %
    .known-hour = { $seen } von { $frames ->
            [one] 1 Telegramm
           *[other] { $frames } Telegrammen
        } fehlt ein Teil, { $share } %, { $often } je Stunde

link_damaged = Pushes werden unterwegs beschädigt: Prüfsummen passen nicht
    .hint =
        Geschwindigkeit und Parität prüfen (2400 8E1 oder 8N1 am M-Bus), das
        Kabel, und ob der Adapter genug Strom bekommt
    .known = { $seen } von { $frames ->
            [one] 1 Telegramm
           *[other] { $frames } Telegrammen
        } haben eine falsche Prüfsumme, { $share } %
    .known-hour = { $seen } von { $frames ->
            [one] 1 Telegramm
           *[other] { $frames } Telegrammen
        }: Prüfsumme falsch, { $share } %, { $often } je Stunde

lost_bytes = in den Telegrammen fehlen Bytes
    .hint =
        Rechner oder Brücke ist zu langsam: Puffer vergrößern, andere Programme
        am Port beenden, einen anderen Adapter nehmen
    .hint-packet =
        62 Bytes sind ein USB-Paket eines FTDI-Adapters: anderen USB-Port oder
        kürzeres Kabel nehmen, und prüfen, ob der Rechner ausgelastet ist
    .hint-fifo =
        das ist der Puffer (FIFO) eines seriellen Chips: der Rechner leert ihn
        zu langsam; USB-Adapter nehmen oder Puffer vergrößern (rx_buffer_size)
    .known = { $lost ->
            [one] ein Byte fehlt
           *[other] { $lost } Bytes fehlen
        }
    .known-place = { $lost ->
            [one] ein Byte fehlt
           *[other] { $lost } Bytes fehlen
        } bei { $place }
    .known-some = bei { $place } fehlt etwas

inserted_bytes = in den Telegrammen stehen Bytes, die nicht gesendet wurden
    .hint-proven =
        die Leitung wird kurz unten gehalten, oder ein Programm fügt sie ein;
        Gespeichertes stellt --repair wieder her
    .hint = prüfen, ob nur ein Programm den Port liest, und was dazwischen steht
    .known = { $inserted ->
            [one] 1 Byte
           *[other] { $inserted } Bytes
        } zu viel
    .known-proven = { $inserted ->
            [one] 1 Byte
           *[other] { $inserted } Bytes
        } 00 in einem Telegramm; der Rest stimmt
    .known-place = { $inserted ->
            [one] 1 Byte
           *[other] { $inserted } Bytes
        } zu viel ab { $place }
    .known-proven-place = { $inserted ->
            [one] 1 Byte
           *[other] { $inserted } Bytes
        } 00 in einem Telegramm, ab { $place }; der Rest stimmt

buffer_limit = Telegramme enden an der Größengrenze eines Geräts dazwischen
    .hint =
        den Puffer des Dongles oder der Brücke auf 4096 Bytes vergrößern
        (Tasmota, ESPHome: rx_buffer_size), oder andere Firmware verwenden

cut_short = Telegramme enden zu früh
    .hint =
        einige Sekunden länger aufzeichnen; ist es immer so, hört das lesende
        Programm zu früh auf, oder die 5 V des Ports brechen ein

damaged_header = der Kopf eines Telegramms wurde unterwegs beschädigt
    .hint = ein Telegramm ab und zu ist nichts; sonst Kabel und Pull-up prüfen
    .known-counter = mit einem fast gleichen anderen Kopf lässt es sich öffnen

unsupported = die Telegramme sind auf nicht unterstützte Weise geschützt
    .hint = beim Netzbetreiber "Security Suite 0" mit einem Schlüssel verlangen

downgrade = ein Telegramm ohne den Herkunftsnachweis, den sein Zähler liefert
    .hint = jemand anders kann es geschrieben haben; es wird nicht verwendet

replayed = ein schon gesendetes Telegramm wird noch einmal gesendet
    .hint =
        vielleicht spielt jemand Aufgezeichnetes ab: solche Telegramme werden
        nicht verwendet; eine Aufzeichnung wird aus ihrer Datei gelesen
    .known = es ist nicht höher nummeriert als das vorige
    .known-stands = sein Zähler wächst nicht
    .known-counters = sein Zähler ist { $sent }, fällig ist { $next } oder mehr

no_key = die Telegramme sind verschlüsselt, und es gibt keinen Schlüssel
    .hint =
        der Netzbetreiber gibt dem Eigentümer den Schlüssel, 32 Ziffern: mit
        --key, --key-file DATEI, SMARTY_KEY oder --keyring DATEI angeben

wrong_key = der Schlüssel passt nicht zu diesem Zähler
    .hint =
        die Nummer auf dem Zähler mit der im Brief des Betreibers vergleichen;
        den Betreiber um den Schlüssel dieses Zählers bitten
    .known = der Text ist vom ersten Zeichen an Rauschen
    .known-numbered = alles Rauschen, aber richtig nummeriert: Leitung und Zähler sind gut

key_of_other_meter = der Schlüssel eines anderen Zählers wird verwendet
    .hint = diesem Zähler einen eigenen Eintrag im Schlüsselbund geben
    .known = der Standardschlüssel des Schlüsselbunds öffnet es
    .known-other = der Schlüssel von { $meter } im Schlüsselbund öffnet es

key_reversed = die Bytes des Schlüssels stehen in falscher Reihenfolge
    .hint =
        den Schlüssel so schreiben, wie er im Brief steht, von links nach
        rechts

key_digits_reversed = der Schlüssel ist rückwärts geschrieben
    .hint =
        den Schlüssel so schreiben, wie er im Brief steht, von links nach
        rechts

key_nibbles_swapped = in jedem Byte des Schlüssels sind die zwei Ziffern vertauscht
    .hint =
        den Schlüssel so schreiben, wie er im Brief steht, von links nach
        rechts

key_ascii_for_hex = der Schlüssel ist Text und wurde für Hex-Ziffern gehalten
    .hint = den Schlüssel als 32 Ziffern 0-9, A-F angeben, zwei je Buchstabe

key_hex_of_hex = der Schlüssel wurde zweimal in Hex-Ziffern gewandelt
    .hint = den Schlüssel wie im Brief angeben: 32 Ziffern, ohne Umwandlung

key_is_auth_key = Schlüssel und Authentifizierungsschlüssel sind vertauscht
    .hint = --key (Verschlüsselung) und --auth-key (Authentifizierung) tauschen

key_typo = eine Ziffer des Schlüssels ist falsch
    .hint = den Schlüssel an dieser Stelle mit dem Brief vergleichen
    .known = es ist Ziffer { $digit }; berichtigt öffnet er das Telegramm

key_digits_swapped = zwei Ziffern des Schlüssels sind vertauscht
    .hint = den Schlüssel an dieser Stelle mit dem Brief vergleichen

key_two_typos = zwei Ziffern des Schlüssels sind falsch
    .hint = den Schlüssel an dieser Stelle mit dem Brief vergleichen

damaged_frame = ein Telegramm wurde unterwegs beschädigt
    .hint = ein Telegramm ab und zu ist nichts; sonst Kabel und Pull-up prüfen

blotted_out = etwas wurde unkenntlich gemacht, etwa eine Seriennummer
    .hint =
        mit der Leitung ist alles gut: --ignore-crc druckt das Telegramm
        trotzdem, gekennzeichnet
    .known = Zeile { $line } ist nicht, wie gesendet: die Prüfsumme kann nicht passen
    .known-first = die erste Zeile ist nicht, wie gesendet: die Summe kann nicht passen
    .known-more = Zeile { $line } und { $more } weitere: die Prüfsumme kann nicht passen
    .known-first-more = die erste Zeile und { $more } weitere: die Summe kann nicht passen

wrong_crc = die Prüfsumme (CRC) ist falsch, der Text sieht heil aus
    .hint-proven =
        es ist echt: der Zähler selbst sendet diese Summe. Dem Betreiber sagen;
        --ignore-crc druckt die Telegramme trotzdem
    .hint =
        haben sie alle, so wurde der Text nach dem Senden geändert;
        --ignore-crc druckt sie trotzdem
    .known = jede Zeile ist, wie sie sein soll, nur die Summe nicht
    .known-sums = gesendet { $sent }, berechnet { $computed }

other_crc = die Prüfsumme (CRC) ist von anderer Art als im Standard
    .hint-proven = nichts zu tun: die Telegramme werden verwendet
    .hint = nichts ist beschädigt: --ignore-crc druckt die Telegramme trotzdem
    .known = sie passt als { $sum }

no_end_line = Telegramme hören ohne Endzeile auf, die mit dem !
    .hint = nichts zu tun: sie werden verwendet; keine Prüfsumme zeigt Schäden
    .known = sie enden hinter ihrer letzten Zeile

short_crc = die Prüfsumme (CRC) kommt ohne ihre führenden Nullen
    .hint = nichts zu tun: die Telegramme werden verwendet
    .known = die Zahl passt, hat aber weniger als vier Ziffern

wrong_auth_key = der Authentifizierungsschlüssel gehört nicht zu diesem Zähler
    .hint-public = --auth-key weglassen: der öffentliche passt
    .hint =
        beim Betreiber den Authentifizierungsschlüssel erfragen, mit --auth-key
        angeben; bis dahin lässt --tag warn die Telegramme durch, markiert
    .known = Text und Prüfsumme (CRC) stimmen, nur der Herkunftsnachweis nicht

damaged_tag = das Ende eines Telegramms wurde unterwegs beschädigt
    .hint = ein Telegramm ab und zu ist nichts; sonst Kabel und Pull-up prüfen
    .known = der Text stimmt, andere Telegramme dieses Zählers sind gut

no_telegram = der Schlüssel öffnet, was kommt, aber es ist kein Telegramm
    .hint = der Port hat ein anderes Format; beim Betreiber DSMR P1 verlangen

missed = Telegramme wurden gesendet, die nie ankamen
    .hint = das lesende Programm war weg oder zu langsam; eine Lücke ist nichts
    .known = { $lost ->
            [one] nach ihren Nummern fehlt eines
           *[other] nach ihren Nummern fehlen { $lost }
        }

counter_reset = der Zähler nummeriert seine Telegramme neu
    .hint = normal nach einem Schlüsselwechsel, oder bei vereinten Dateien

repeated_nonce = der Zähler gab zwei Telegrammen dieselbe Nummer
    .hint = dem Betreiber sagen: das schwächt die Verschlüsselung

two_meters = hier sendet mehr als ein Zähler
    .hint = ist nur einer gewünscht, ihn mit --meter nennen
    .known = die Telegramme nennen sich verschieden
    .known-names = { $one } und { $two }

key_changed = der Schlüssel passt nicht mehr: er wurde geändert
    .hint = beim Betreiber den neuen Schlüssel dieses Zählers erfragen
    .known = Telegramme ließen sich öffnen; jetzt ist der Text Rauschen

period_long = Telegramme kommen zu selten
    .hint = mit dem Betreiber klären, wie der Port eingestellt ist
    .known = ein Telegramm in { $seconds } s; eines in 10 s oder jede Sekunde wäre richtig

period_short = Telegramme kommen zu oft
    .hint = mit dem Betreiber klären, wie der Port eingestellt ist
    .known = ein Telegramm in { $seconds } s; Zähler dieser Version senden alle 10 s

clock_off = die Uhr des Zählers geht falsch
    .hint = dem Betreiber sagen; Zeiten von Messwerten sind die des Zählers
    .known = sie geht um { $time } falsch

value_format = manche Zeilen sind nicht, wie der Standard sie hat
    .hint = die anderen Zeilen werden verwendet; --explain zeigt, welche nicht
    .known = { $seen ->
            [one] 1 Zeile
           *[other] { $seen } Zeilen
        }
    .known-place = { $seen ->
            [one] eine Zeile, bei { $place }
           *[other] { $seen } Zeilen, die erste bei { $place }
        }

scale_unknown = Werte kommen ohne Skala, und nichts verrät sie
    .hint =
        sie werden wie gesendet gezeigt, ohne Einheit: mit der Anzeige des
        Zählers vergleichen und den Betreiber nach der Skala fragen
    .known = { $seen ->
            [one] 1 Wert
           *[other] { $seen } Werte
        } einer Liste von { $expected }
    .known-line = { $line }, { $seen ->
            [one] 1 Wert
           *[other] { $seen } Werte
        } einer Liste von { $expected }

pulses_disagree = Zählerstand und Impulse des Zählers passen nicht zusammen
    .hint =
        per_kwh mit der Front des Zählers (imp/kWh) vergleichen; den Sensor vor
        anderem Licht schützen; shortest= filtert Prellen und Impulse mit
    .known = { $pulses } Wh nach Impulsen, { $counter } Wh nach dem Zähler

# How it is known: shared by several.
bytes-changed = { $bytes ->
        [one] 1 Byte verändert
       *[other] { $bytes } Bytes verändert
    }
bits-changed = { $bytes ->
        [one] 1 Byte
       *[other] { $bytes } Bytes
    } verändert: { $fallen ->
        [one] 1 Bit
       *[other] { $fallen } Bits
    } von 1 auf 0, { $risen } von 0 auf 1
speed-known = die Bytes sind wie mit { $sent } gesendet und mit { $read } Baud gelesen
end-early = { $seen } von { $frames ->
        [one] 1 Telegramm
       *[other] { $frames } Telegrammen
    } enden zu früh, nach { $have ->
        [one] 1 Byte
       *[other] { $have } Bytes
    }
came-of = { $have } von { $need ->
        [one] 1 Byte
       *[other] { $need } Bytes
    } kamen an
came-no-end = { $have ->
        [one] 1 Byte kam, und kein Ende
       *[other] { $have } Bytes kamen, und kein Ende
    }
key-opens = berichtigt öffnet er die Telegramme
two-digits = es sind Ziffern { $first } und { $second }; berichtigt öffnet er das Telegramm
bytes-at = Bytes { $span }
about-meter = von { $meter }

# What is said beside a title.
times = { $what } ({ $times ->
        [one] 1 Mal
       *[other] { $times } Mal
    })
or-else = oder: { $what }

# What would tell two causes apart.
apart-second = ein zweites Telegramm sagt es: 20 s aufzeichnen
apart-key = der Schlüssel des Zählers würde die Stelle zeigen
apart-limit = weitere Telegramme sagen es: eine Grenze ist immer dieselbe
apart-encrypted = ein verschlüsseltes Telegramm würde es sagen; das Mittel ist gleich
apart-minutes = weitere beschädigte sagen es: einige Minuten aufzeichnen
apart-minute = weitere Telegramme sagen es: eine Minute aufzeichnen

# Spans of time.
span-seconds = { $seconds } s
span-minutes = { $minutes } Minuten
span-hours = { $hours } h { $minutes } min
span-days = { $days } Tage

# Which text a check sum covers.
sum-whole = { $sum }, von / bis !
sum-no-mark = { $sum }, ohne das !
sum-no-slash = { $sum }, ohne das /
sum-inner = { $sum }, ohne / und !
sum-swapped = { $what }, Bytes vertauscht

# Makers of meters, and whom to ask for which key.
maker-kfm = ein Kaifa, wie in Österreich: um den GUEK bitten; kein zweiter nötig
maker-kam =
    ein Kamstrup, wie in Dänemark: um GPK60 (--key) und GPK61 (--auth-key)
    bitten
maker-lgz =
    ein Landis+Gyr: in Österreich um GUEK (--key) und GAK (--auth-key)
    bitten, in der Schweiz um beide Schlüssel der Kundenschnittstelle
maker-isk =
    ein Iskraemeco: in Österreich um den GUEK bitten, in Slowenien und der
    Schweiz um die Schlüssel der Kundenschnittstelle, einen oder zwei
maker-sit = ein Siemens, wie in Österreich: um den GUEK bitten; kein zweiter nötig
maker-egm =
    ein Elgama, wie in Polen: um beide Schlüssel der Kundenschnittstelle
    bitten
