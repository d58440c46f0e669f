/*
 * Linked into the programs that have glibc inside (.ci/release). What /etc/nsswitch.conf names beside these are modules
 * of the system's glibc, mdns4_minimal or systemd: loaded into a program with another glibc, they end it with a signal.
 */
#include <nss.h>

__attribute__((constructor)) static void look_up_only_what_is_inside(void)
{
    __nss_configure_lookup("hosts", "files dns");
    __nss_configure_lookup("passwd", "files");
    __nss_configure_lookup("group", "files");
    __nss_configure_lookup("services", "files");
}
