# What is wrong, in French; en.ftl says which texts there are.

silence = rien n'arrive du compteur
    .hint =
        vérifier que la broche 2 (demande de données) a 5 V ou est reliée à la
        broche 1 ; que données (5) et masse (3) sont reliées ; que le
        gestionnaire a ouvert le port ; que c'est le bon appareil
    .known = pas un seul octet
    .known-time = aucun octet depuis { $seconds } s ; un compteur envoie toutes les 10 s

inverted_plain = la ligne est à l'envers : elle doit être inversée
    .hint-proven =
        les télégrammes sont lus quand même. Utiliser un câble qui inverse
        (« smart meter »), ou son inverseur (FT_PROG : invert RXD)
    .hint =
        utiliser un câble qui inverse la ligne de données (« smart meter »),
        ou activer l'inverseur de l'adaptateur (FT_PROG : invert RXD)
    .known = une fois retournés, les octets se lisent comme un télégramme
    .known-part = retournés, ils font un télégramme, mais sans ses premiers caractères

inverted_encrypted = la ligne est à l'envers : elle doit être inversée
    .hint =
        utiliser un câble qui inverse la ligne de données (« smart meter »),
        ou activer l'inverseur de l'adaptateur (FT_PROG : invert RXD)
    .known = les octets sont de ceux qu'une telle ligne produit

wrong_speed = le port est lu à la mauvaise vitesse
    .hint =
        --baud auto la trouve ; ou --baud 115200 --mode 8N1 (compteurs d'avant
        DSMR 4 : 9600 7E1 ; DLMS : 2400 8E1)

only_zeros = que des zéros : le port est lu beaucoup trop vite
    .hint =
        un ancien compteur (DSMR 2.2, 3.0) : --baud 9600 --mode 7E1 ; sinon la
        ligne est tenue à l'état bas : vérifier masse et pull-up

seven_even = le compteur envoie en 7E1, le port lit en 8N1
    .hint-encrypted =
        un télégramme chiffré a besoin des 8 bits : régler l'adaptateur ou le
        convertisseur sur 8N1 ; ce qui est enregistré est perdu
    .hint = utiliser --mode 7E1
    .known = le bit 7 rend pair le nombre de uns de chaque octet

wrong_parity = le port attend un bit de parité qui n'est pas envoyé
    .hint = utiliser --mode 8N1

bit7_stripped = le bit de poids fort de chaque octet a été coupé
    .hint =
        utiliser --mode 8N1 ; désactiver ISTRIP (stty -istrip) et tout réglage
        « 7 bits » ou « ASCII » des programmes et adaptateurs réseau
    .known = aucun octet à partir de 80, alors qu'il en faudrait la moitié

sampled_late = certains caractères sont lus un instant trop tard
    .hint =
        compteur et adaptateur n'ont pas la même vitesse : en changer ; un
        front lent fait de même : pull-up plus fort, 1 kOhm vers 5 V
    .known = { $shifted } des { $damaged } caractères faux sont décalés d'un bit

weak_pull_up = le signal est trop faible : des bits tombent de 1 à 0
    .hint =
        mettre un pull-up plus fort sur la ligne (1 kOhm vers 5 V, ou vers 3,3 V
        pour une carte de 3,3 V), et un câble court

noise = la ligne est bruitée : des bits changent en chemin
    .hint =
        vérifier fiches et masse (broche 3), un câble court et loin du secteur ;
        des paires torsadées, données avec masse

unknown_bytes = des octets arrivent qui ne ressemblent à aucun compteur
    .hint = est-ce le port P1, et la vitesse est-elle bonne : 115200 8N1 ?

mbus_searching = un maître M-Bus cherche des compteurs, aucun n'envoie
    .hint =
        demander au gestionnaire d'activer le port client ; un compteur qui
        veut d'abord une réponse (OMS, mode 5) ne peut être lu
    .known = rien que { $seen ->
            [one] 1 appel
           *[other] { $seen } appels
        } d'un maître M-Bus

wireless_mbus = c'est la radio de compteurs : M-Bus sans fil, pas un port
    .hint =
        utiliser un programme pour M-Bus sans fil, comme wmbusmeters ; le port
        client du compteur est une prise

request_port = ce port répond à des demandes : ce n'est pas le port client
    .hint =
        utiliser un programme IEC 62056-21 avec une tête optique ; smarty lit
        les ports qui envoient d'eux-mêmes

sml = c'est le port optique d'un compteur : SML, pas P1
    .hint = utiliser un programme pour SML ; smarty ne lit que le port P1, RJ12

telnet = une connexion telnet modifie les octets
    .hint =
        régler l'adaptateur réseau sur « raw TCP », ou prendre son port brut ;
        --repair répare les octets
    .known = chaque octet FF vient en double, { $seen } fois

utf8 = un programme intermédiaire prend les octets pour du texte
    .hint =
        lire le port en octets, pas en texte : ni terminal, ni decode(), ni
        MQTT en chaîne ; smarty capture le fait correctement

icrnl = le port série change chaque CR (0D) en LF (0A)
    .hint =
        stty -F PORT raw -echo   ou lire le port avec smarty capture ; ce qui
        est enregistré se répare avec --repair
    .known = aucun octet 0D, et deux fois trop de 0A
    .known-proven = aucun octet 0D ; une fois remis, le télégramme est authentique

ixon = le port série avale les octets 11 et 13
    .hint =
        stty -F PORT raw -echo   et désactiver le contrôle de flux logiciel ;
        l'enregistré se répare avec --repair et la clé
    .known = ni 11 ni 13 ; il manque { $lost ->
            [one] 1 octet
           *[other] { $lost } octets
        } aux télégrammes, { $expected } attendus
    .known-none = ni 11 ni 13, là où il en faudrait { $expected }

cooked = le port série édite ce qu'il lit, comme pour un clavier
    .hint = stty -F PORT raw -echo   ou lire le port avec smarty capture
    .known = aucun des octets qu'un terminal interprète, comme 03, 04, 7F

line_ends = un éditeur ou git a changé les fins de ligne
    .hint =
        utiliser le fichier tel qu'enregistré (git : *.txt -text) ; --repair
        remet les fins de ligne là où la somme de contrôle le prouve
    .known = aucune ligne ne finit par CR LF comme chez les compteurs
    .known-doubled = les lignes finissent par CR CR LF : { $inserted ->
            [one] 1 octet
           *[other] { $inserted } octets
        } de trop

opened_in_place = des messages ont été déchiffrés sur place, puis journalisés
    .hint =
        enregistrer les octets tels qu'ils viennent, avec smarty capture ; ou
        lire les lignes du journal d'avant le déchiffrement
    .known = du texte en clair est là où il devrait être chiffré

parts_lost = des messages arrivent sans certaines de leurs parties
    .hint =
        lire sans trou : un seul programme au port, pas d'attente entre les
        parties, et un tampon de 1024 octets ou plus entre les deux
    .known = il manque un segment à { $seen } sur { $frames ->
            [one] 1 télégramme
           *[other] { $frames } télégrammes
        }, { $share } %
    .known-hour = il manque une partie à { $seen } sur { $frames }, { $share } %, { $often } par heure

link_damaged = des messages sont abîmés en chemin : sommes fausses
    .hint =
        vérifier vitesse et parité (2400 8E1 ou 8N1 sur le M-Bus), le câble,
        et si l'adaptateur a assez de courant
    .known = somme fausse : { $seen } sur { $frames ->
            [one] 1 télégramme
           *[other] { $frames } télégrammes
        }, { $share } %
    .known-hour = somme fausse : { $seen } sur { $frames }, { $share } %, { $often } par heure

lost_bytes = il manque des octets dans les télégrammes
    .hint =
        ordinateur ou passerelle trop lents : agrandir le tampon, fermer les
        autres programmes du port, changer d'adaptateur
    .hint-packet =
        62 octets sont un paquet USB d'un adaptateur FTDI : autre port USB ou
        câble plus court ; vérifier que l'ordinateur n'est pas trop chargé
    .hint-fifo =
        c'est le tampon (FIFO) d'une puce série : l'ordinateur le vide trop
        lentement ; adaptateur USB ou tampon plus grand (rx_buffer_size)
    .known = { $lost ->
            [one] il manque un octet
           *[other] il manque { $lost } octets
        }
    .known-place = { $lost ->
            [one] il manque un octet
           *[other] il manque { $lost } octets
        } à { $place }
    .known-some = il manque quelque chose à { $place }

inserted_bytes = des octets qui n'ont pas été envoyés sont dans les télégrammes
    .hint-proven =
        la ligne est tenue basse un instant, ou un programme les ajoute ; ce
        qui est enregistré se répare avec --repair
    .hint = vérifier qu'un seul programme lit le port, et ce qu'il y a entre deux
    .known = { $inserted ->
            [one] 1 octet
           *[other] { $inserted } octets
        } de trop
    .known-proven = { $inserted ->
            [one] 1 octet
           *[other] { $inserted } octets
        } 00 dans un télégramme ; le reste est juste
    .known-place = { $inserted ->
            [one] 1 octet
           *[other] { $inserted } octets
        } de trop à partir de { $place }
    .known-proven-place = { $inserted ->
            [one] 1 octet
           *[other] { $inserted } octets
        } 00, le premier à { $place } ; le reste est juste

buffer_limit = les télégrammes finissent à la limite d'un appareil entre deux
    .hint =
        porter le tampon du dongle ou de la passerelle à 4096 octets (Tasmota,
        ESPHome : rx_buffer_size), ou prendre un autre micrologiciel

cut_short = les télégrammes finissent trop tôt
    .hint =
        enregistrer quelques secondes de plus ; si c'est toujours ainsi, le
        programme s'arrête trop tôt ou les 5 V du port s'effondrent

damaged_header = l'en-tête d'un télégramme a été abîmé en chemin
    .hint = un télégramme de temps en temps n'est rien ; sinon, câble et pull-up
    .known-counter = avec un autre en-tête presque égal, il s'ouvre

unsupported = les télégrammes sont protégés d'une façon non prise en charge
    .hint = demander au gestionnaire la « security suite 0 » avec une clé

downgrade = un télégramme sans la preuve d'origine que donne son compteur
    .hint = quelqu'un d'autre a pu l'écrire ; il n'est pas utilisé

replayed = un télégramme déjà envoyé est envoyé encore une fois
    .hint =
        quelqu'un rejoue peut-être un enregistrement : ces télégrammes ne
        servent pas ; un enregistrement se lit depuis son fichier
    .known = son numéro n'est pas plus grand que le précédent
    .known-stands = son compteur ne croît pas
    .known-counters = son compteur est { $sent }, il faut { $next } ou plus

no_key = les télégrammes sont chiffrés, et il n'y a pas de clé
    .hint =
        le gestionnaire du réseau donne la clé au propriétaire, 32 chiffres :
        --key, --key-file FICHIER, SMARTY_KEY ou --keyring FICHIER

wrong_key = la clé ne va pas avec ce compteur
    .hint =
        comparer le numéro du compteur avec celui de la lettre ; demander au
        gestionnaire la clé de ce compteur
    .known = le texte est du bruit dès son premier caractère
    .known-numbered = tout est du bruit, mais bien numéroté : ligne et compteur sont bons

key_of_other_meter = la clé d'un autre compteur est utilisée
    .hint = donner à ce compteur sa propre entrée dans le trousseau
    .known = la clé par défaut du trousseau l'ouvre
    .known-other = la clé de { $meter } dans le trousseau l'ouvre

key_reversed = les octets de la clé sont dans le mauvais ordre
    .hint = écrire la clé comme dans la lettre du gestionnaire, de gauche à droite

key_digits_reversed = la clé est écrite à l'envers
    .hint = écrire la clé comme dans la lettre du gestionnaire, de gauche à droite

key_nibbles_swapped = les deux chiffres de chaque octet de la clé sont échangés
    .hint = écrire la clé comme dans la lettre du gestionnaire, de gauche à droite

key_ascii_for_hex = la clé est du texte, pris pour des chiffres hexadécimaux
    .hint = donner la clé en 32 chiffres 0-9, A-F, deux par lettre

key_hex_of_hex = la clé a été convertie deux fois en hexadécimal
    .hint = donner la clé comme dans la lettre : 32 chiffres, sans conversion

key_is_auth_key = clés de chiffrement et d'authentification sont échangées
    .hint = échanger --key (chiffrement) et --auth-key (authentification)

key_typo = un chiffre de la clé est faux
    .hint = comparer la clé à cet endroit avec la lettre du gestionnaire
    .known = c'est le chiffre { $digit } ; corrigée, elle ouvre le télégramme

key_digits_swapped = deux chiffres de la clé sont échangés
    .hint = comparer la clé à cet endroit avec la lettre du gestionnaire

key_two_typos = deux chiffres de la clé sont faux
    .hint = comparer la clé à cet endroit avec la lettre du gestionnaire

damaged_frame = un télégramme a été abîmé en chemin
    .hint = un télégramme de temps en temps n'est rien ; sinon, câble et pull-up

blotted_out = quelque chose a été masqué, comme un numéro de série
    .hint =
        la ligne est bonne : --ignore-crc imprime le télégramme quand même,
        marqué
    .known = la ligne { $line } n'est pas celle envoyée : la somme ne peut aller
    .known-first = la première ligne n'est pas celle envoyée : la somme ne peut aller
    .known-more = la ligne { $line } et { $more } autres : la somme ne peut aller
    .known-first-more = la première ligne et { $more } autres : la somme ne peut aller

wrong_crc = la somme de contrôle (CRC) est fausse, le texte paraît entier
    .hint-proven =
        il est authentique : le compteur envoie cette somme. Le dire au
        gestionnaire ; --ignore-crc imprime les télégrammes quand même
    .hint =
        si tous l'ont, le texte a été changé après l'envoi ; --ignore-crc les
        imprime quand même
    .known = chaque ligne est comme il faut, seule la somme ne l'est pas
    .known-sums = envoyée { $sent }, calculée { $computed }

other_crc = la somme de contrôle (CRC) n'est pas celle de la norme
    .hint-proven = rien à faire : les télégrammes sont utilisés
    .hint = rien n'est abîmé : --ignore-crc imprime les télégrammes quand même
    .known = elle va comme { $sum }

no_end_line = les télégrammes s'arrêtent sans ligne de fin, celle du !
    .hint = rien à faire : ils sont utilisés ; aucune somme ne montre les dégâts
    .known = ils s'arrêtent après leur dernière ligne

short_crc = la somme de contrôle (CRC) est envoyée sans ses zéros de tête
    .hint = rien à faire : les télégrammes sont utilisés
    .known = le nombre va, mais il a moins de quatre chiffres

wrong_auth_key = la clé d'authentification n'est pas celle de ce compteur
    .hint-public = retirer --auth-key : la clé publique va
    .hint =
        demander la clé d'authentification au gestionnaire et la donner avec
        --auth-key ; d'ici là, --tag warn laisse passer, avec une marque
    .known = texte et somme (CRC) sont justes, seule la preuve d'origine ne l'est pas

damaged_tag = la fin d'un télégramme a été abîmée en chemin
    .hint = un télégramme de temps en temps n'est rien ; sinon, câble et pull-up
    .known = le texte est juste, d'autres télégrammes du compteur sont bons

no_telegram = la clé ouvre ce qui vient, mais ce n'est pas un télégramme
    .hint = le port a un autre format ; demander DSMR P1 au gestionnaire

missed = des télégrammes envoyés ne sont jamais arrivés
    .hint = le programme était absent ou trop lent ; un seul trou n'est rien
    .known = { $lost ->
            [one] d'après les numéros, il en manque un
           *[other] d'après les numéros, il en manque { $lost }
        }

counter_reset = le compteur numérote ses télégrammes à nouveau
    .hint = normal après un changement de clé, ou dans des fichiers réunis

repeated_nonce = le compteur a donné le même numéro à deux télégrammes
    .hint = le dire au gestionnaire : cela affaiblit le chiffrement

two_meters = plus d'un compteur envoie ici
    .hint = si un seul est voulu, le nommer avec --meter
    .known = les télégrammes se nomment différemment
    .known-names = { $one } et { $two }

key_changed = la clé ne va plus : elle a été changée
    .hint = demander au gestionnaire la nouvelle clé de ce compteur
    .known = des télégrammes s'ouvraient ; maintenant le texte est du bruit

period_long = les télégrammes sont trop rares
    .hint = voir avec le gestionnaire comment le port est réglé
    .known = un télégramme en { $seconds } s ; il en faudrait un par 10 s ou par seconde

period_short = les télégrammes sont trop fréquents
    .hint = voir avec le gestionnaire comment le port est réglé
    .known = un télégramme en { $seconds } s ; cette version envoie toutes les 10 s

clock_off = l'horloge du compteur est fausse
    .hint = le dire au gestionnaire ; les heures des relevés sont au compteur
    .known = elle est décalée de { $time }

value_format = certaines lignes ne sont pas comme le veut la norme
    .hint = les autres lignes servent ; --explain montre celles qui ne vont pas
    .known = { $seen ->
            [one] 1 ligne
           *[other] { $seen } lignes
        }
    .known-place = { $seen ->
            [one] une ligne, à { $place }
           *[other] { $seen } lignes, la première à { $place }
        }

scale_unknown = des valeurs viennent sans échelle, et rien ne la révèle
    .hint =
        elles sont montrées comme envoyées, sans unité : les comparer avec
        l'écran du compteur et demander l'échelle au gestionnaire
    .known = { $seen ->
            [one] 1 valeur
           *[other] { $seen } valeurs
        } d'une liste de { $expected }
    .known-line = { $line }, { $seen ->
            [one] 1 valeur
           *[other] { $seen } valeurs
        } d'une liste de { $expected }

pulses_disagree = le compteur et ses impulsions ne s'accordent pas
    .hint =
        comparer per_kwh avec la façade du compteur (imp/kWh) ; abriter le
        capteur de la lumière ; shortest= filtre rebonds et impulsions
    .known = { $pulses } Wh par impulsions, { $counter } Wh selon le compteur

# How it is known: shared by several.
bytes-changed = { $bytes ->
        [one] 1 octet changé
       *[other] { $bytes } octets changés
    }
bits-changed = { $bytes ->
        [one] 1 octet changé
       *[other] { $bytes } octets changés
    } : { $fallen ->
        [one] 1 bit
       *[other] { $fallen } bits
    } de 1 à 0, { $risen } de 0 à 1
speed-known = les octets sont comme envoyés à { $sent } et lus à { $read } bauds
end-early = { $seen } sur { $frames ->
        [one] 1 télégramme
       *[other] { $frames } télégrammes
    } finissent trop tôt, à { $have ->
        [one] 1 octet
       *[other] { $have } octets
    }
came-of = { $have } sur { $need ->
        [one] 1 octet
       *[other] { $need } octets
    } sont venus
came-no-end = { $have ->
        [one] 1 octet est venu, sans fin
       *[other] { $have } octets sont venus, sans fin
    }
key-opens = corrigée, elle ouvre les télégrammes
two-digits = ce sont les chiffres { $first } et { $second } ; corrigée, elle ouvre
bytes-at = octets { $span }
about-meter = de { $meter }

# What is said beside a title.
times = { $what } ({ $times ->
        [one] 1 fois
       *[other] { $times } fois
    })
or-else = ou : { $what }

# What would tell two causes apart.
apart-second = un second télégramme le dira : enregistrer 20 s
apart-key = la clé du compteur montrerait l'endroit
apart-limit = d'autres télégrammes le diront : une limite est toujours la même
apart-encrypted = un télégramme chiffré le dirait ; le remède est le même
apart-minutes = d'autres abîmés le diront : enregistrer quelques minutes
apart-minute = d'autres télégrammes le diront : enregistrer une minute

# Spans of time.
span-seconds = { $seconds } s
span-minutes = { $minutes } minutes
span-hours = { $hours } h { $minutes } min
span-days = { $days } jours

# Which text a check sum covers.
sum-whole = { $sum }, de / à !
sum-no-mark = { $sum }, sans le !
sum-no-slash = { $sum }, sans le /
sum-inner = { $sum }, sans / ni !
sum-swapped = { $what }, octets échangés

# Makers of meters, and whom to ask for which key.
maker-kfm = un Kaifa, comme en Autriche : demander la GUEK ; une seule clé suffit
maker-kam =
    un Kamstrup, comme au Danemark : demander GPK60 (--key) et GPK61
    (--auth-key)
maker-lgz =
    un Landis+Gyr : en Autriche demander GUEK (--key) et GAK (--auth-key),
    en Suisse les deux clés du port client
maker-isk =
    un Iskraemeco : en Autriche demander la GUEK, en Slovénie et en Suisse
    les clés du port client, une ou deux
maker-sit = un Siemens, comme en Autriche : demander la GUEK ; une clé suffit
maker-egm = un Elgama, comme en Pologne : demander les deux clés du port client
