#!/usr/bin/with-contenv bashio
# shellcheck shell=bash
# Writes smarty.toml of the options, and keys and password into files that nobody else may read; then runs smarty.
# A smarty.toml in the folder of the app, /addon_configs/…_smarty, takes the place of the options.
set -euo pipefail
umask 077

readonly data=${SMARTY_DATA:-/data} own=${SMARTY_CONFIG:-/config}/smarty.toml

# Text as TOML writes it.
quoted() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# A name as it stands in an address.
percent() {
    local text=$1 at char LC_ALL=C
    for ((at = 0; at < ${#text}; at++)); do
        char=${text:at:1}
        case $char in
        [A-Za-z0-9._~-]) printf '%s' "$char" ;;
        *) printf '%%%02X' "'$char" ;;
        esac
    done
}

# What the broker of Home Assistant says of itself; nothing where it says nothing.
broker() {
    local value
    value=$(bashio::services mqtt "$1")
    [ "$value" = null ] || printf '%s' "$value"
}

mqtt() {
    local url='' password='' user scheme=mqtt
    if bashio::config.has_value mqtt_url; then
        url=$(bashio::config mqtt_url)
        if bashio::config.has_value mqtt_password; then
            password=$(bashio::config mqtt_password)
        fi
    elif bashio::services.available mqtt; then
        if [ "$(broker ssl)" = true ]; then
            scheme=mqtts
        fi
        user=$(percent "$(broker username)")
        password=$(broker password)
        url="$scheme://${user:+$user@}$(broker host):$(broker port)"
    else
        bashio::log.warning "There is no MQTT broker, so nothing is published: install Mosquitto broker, or set mqtt_url." >&2
        return
    fi
    printf '\n[mqtt]\nurl = %s\n' "$(quoted "$url")"
    if [ -n "$password" ]; then
        printf '%s\n' "$password" >"$data/mqtt.password"
        printf 'password_file = "mqtt.password"\n'
    fi
}

# Each source, and its key under its label.
sources() {
    local at label
    for ((at = 0; at < $1; at++)); do
        label=$(bashio::config "sources[$at].label")
        printf '\n[[source]]\nlabel = %s\n' "$(quoted "$label")"
        printf 'address = %s\n' "$(quoted "$(bashio::config "sources[$at].address")")"
        if bashio::config.has_value "sources[$at].key"; then
            {
                printf '[%s]\nkey = %s\n' "$label" "$(quoted "$(bashio::config "sources[$at].key")")"
                if bashio::config.has_value "sources[$at].auth_key"; then
                    printf 'auth_key = %s\n' "$(quoted "$(bashio::config "sources[$at].auth_key")")"
                fi
            } >>"$data/keys.toml"
        fi
    done
}

if [ -e "$own" ]; then
    bashio::log.info "The settings are those of smarty.toml in the folder of this app; its options do not count."
    exec smarty watch --config "$own"
fi

count=$(bashio::config 'sources | length')
if [ "$count" = 0 ]; then
    bashio::exit.nok "There is no source: add one. The address auto is the only USB port there is."
fi
rm -f "$data/mqtt.password"
: >"$data/keys.toml"
{
    printf 'keyring = "keys.toml"\nmetrics = "0.0.0.0:9100"\n'
    if bashio::config.has_value every; then
        printf 'every = %s\n' "$(quoted "$(bashio::config every)")"
    fi
    if bashio::config.true on_change; then
        printf 'on_change = true\n'
    fi
    mqtt
    sources "$count"
} >"$data/smarty.toml"
exec smarty watch --config "$data/smarty.toml"
