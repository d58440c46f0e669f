//! What the help of the commands that decode shows as examples, and what the long help of all of them ends with.

/// How a run ends.
macro_rules! exits {
    () => {
        "

Exit codes:
  0              all good
  1              some telegrams were refused, the good ones are printed
  2              the command line or a configuration file is wrong
  3              a source or output cannot be opened, read or written
  4              the key is missing or malformed, or nothing could be verified
  5              nothing found, or --timeout is over
  129, 130, 143  ended by a signal: HUP (the terminal was closed), INT (Ctrl-C),
                 TERM; what was decoded is written before"
    };
}

pub(super) use exits;

/// Of `decrypt`.
pub(super) const DECRYPT: &str = concat!(
    "Examples:
  smarty decrypt dump.bin --key                  ask for the key
  smarty decrypt dump.bin --key-file my.key      the key from a file
  smarty decrypt --keyring keys.toml *.bin       each meter with its own key
  xclip -o | smarty decrypt --key-file my.key    a hex dump from a forum
  smarty decrypt dump.bin --key -o telegrams.txt",
    exits!()
);

/// Of `parse`.
pub(super) const PARSE: &str = concat!(
    "Examples:
  smarty parse telegram.txt                      a table
  smarty parse dump.bin --key-file my.key        encrypted input too
  smarty parse dump.bin --json | jq .values.active_power_import_kw
  smarty parse year.bin --csv -F active_energy_import,gas -o year.csv
  smarty parse dump.bin --json --events          refused frames as well
  smarty parse year.bin --csv --reference-power 7kW -F excess_day,net_power
  smarty parse --explain dump.bin --key          why it does not work
  smarty parse -F help                           the names of all values",
    exits!()
);

/// Of `watch`.
pub(super) const WATCH: &str = concat!(
    "Examples:
  smarty watch sim:                                the virtual meter
  smarty watch /dev/ttyUSB0 --key                  asks for the key
  smarty watch house.bin                           a recording: play, scroll, search
  smarty watch house=/dev/ttyUSB0 pv=tcp://10.0.0.7:2001 --json
  smarty watch --csv -o house.csv --append --rotate daily --every 60s
  smarty watch --json --on-change -F active_power_import
  smarty watch /dev/ttyUSB0 -n 1 --timeout 30s     one telegram, or exit code 5
  smarty watch /dev/ttyUSB0 --reference-power 7kW  what the quarter hour leaves
  smarty watch 'tank=/dev/ttyUSB5?device=maxsonar' a MaxBotix level sensor
  smarty watch auto --key-file my.key --forward 2001 --metrics 9100
  smarty watch house=auto --keyring keys.toml --forward house=pty:/tmp/meter
  smarty watch house=/dev/ttyUSB0 --mqtt mqtt://anna@broker.lan   and Home Assistant
  smarty watch house=auto --when 'age > 60' --notify https://ntfy.sh/my-meter

smarty.toml in the configuration folder, so that `smarty watch` is enough:
  keyring = \"keys.toml\"        # a path beside smarty.toml
  every = \"60s\"                # also: key_file tz baud mode timeout duration
  [[source]]                   #   no_reconnect format fields events on_change
  label = \"house\"              #   out append rotate derive reference_power state
  address = \"/dev/ttyUSB0\"     #   forward forward_raw metrics
                               # also: device baud mode key_file keyring
                               #   reference_power forward
  [mqtt]                       # for the sources of this file
  url = \"mqtt://anna@broker\"  # also: password_file topics qos retain layout
                               #   version ca_file cert_file cert_key_file
                               #   client_id discovery discovery_prefix

On the screen ? shows the keys, and smarty help screen says more.
kill -HUP reads keys and smarty.toml again.",
    exits!()
);
