"""What is taken for what: sounds, keys, letters, spellings and forms of names. Written for the truth set alone.

Nothing here was taken from a library that the matcher uses, nor may the matcher read it.
"""

from collections.abc import Mapping

_Table = Mapping[str, tuple[str, ...]]


def _both_ways(pairs: str) -> _Table:
    table: dict[str, tuple[str, ...]] = {}
    for pair in pairs.split():
        one, other = pair.split("/")
        table[one] = (*table.get(one, ()), other)
        table[other] = (*table.get(other, ()), one)
    return table


def _each(entries: str) -> _Table:
    table = {}
    for entry in entries.split():
        key, values = entry.split(":")
        table[key] = tuple(values.split(","))
    return table


# Consonants that a telephone's narrow band makes alike, and vowels that accents do.
CONFUSED_SOUNDS = _both_ways(
    "f/s m/n b/p d/t b/d p/t g/k v/f th/f th/v s/sh ch/sh j/ch l/r b/v a/e e/i a/o o/u ee/ea ey/y er/a or/er ck/g"
)
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEIGHBOUR_KEYS: _Table = {
    letter: tuple(
        other
        for near in range(max(0, row - 1), min(len(KEYBOARD), row + 2))
        for other in KEYBOARD[near][max(0, at - 1) : at + 2]
        if other != letter
    )
    for row, letters in enumerate(KEYBOARD)
    for at, letter in enumerate(letters)
}
LOOK_ALIKES = _both_ways("rn/m cl/d l/i vv/w nn/m h/b u/v c/e o/a n/u ii/u ri/n t/f g/q y/g j/i s/5 o/0 l/1 b/6")
RESPELLED = _both_ways(
    "ph/f oo/u ee/i ei/i ay/ai ck/k c/k kh/h q/k w/v y/i sch/sh cz/ch sz/sh ski/sky ow/ou ough/off z/s dh/d th/t "
    "aa/a mm/m ss/s nn/n ll/l tt/t ie/y eigh/ay gh/g x/ks j/y ia/iya ev/eff ov/off ou/u ey/i ah/a ea/ee au/aw wr/r kn/n"
)

SHORT_FORMS = _each(
    "alexander:Alex,Sandy,Xander alexandra:Alex,Sandra,Lexi andrew:Andy,Drew anthony:Tony,Ant antony:Tony "
    "barbara:Babs,Barb benjamin:Ben,Benji catherine:Cath,Kate,Cathy katherine:Kath,Katie,Kate kathleen:Kath,Kathy "
    "kathryn:Kath,Kate charles:Charlie,Chaz,Chuck charlotte:Charlie,Lottie christine:Chris,Tina,Chrissie "
    "christopher:Chris,Kit,Topher daniel:Dan,Danny darren:Daz,Dazza david:Dave,Davey deborah:Debbie,Debs "
    "donald:Don,Donny dorothy:Dot,Dolly edward:Ed,Ted,Eddie,Ned eleanor:Ellie,Nell,Nora elizabeth:Liz,Beth,Betty,Libby "
    "frances:Fran,Frankie francis:Frank frederick:Fred,Freddie gareth:Gaz,Gary gary:Gaz,Gazza gerald:Gerry,Jerry "
    "geoffrey:Geoff gillian:Gill harry:Harold,Hal henry:Harry,Hal jacqueline:Jackie,Jacqui james:Jim,Jimmy,Jamie "
    "janet:Jan jennifer:Jen,Jenny jessica:Jess john:Jack,Johnny jonathan:Jon,Jonny joseph:Joe,Joey joshua:Josh "
    "judith:Judy,Jude kenneth:Ken,Kenny kimberley:Kim lawrence:Larry,Loz leonard:Len,Lenny linda:Lin,Lyn "
    "margaret:Maggie,Peggy,Meg,Madge,Rita martin:Marty mary:Molly,Polly,May matthew:Matt,Matty "
    "michael:Mick,Mike,Mickey "
    "michelle:Shell,Chelle mohammed:Mo,Mohd muhammad:Mo,Md natasha:Tasha nicholas:Nick,Nicky nicola:Nicky,Nic "
    "patricia:Pat,Trish,Tricia patrick:Pat,Paddy,Rick peter:Pete philip:Phil,Pip rebecca:Becky,Bex "
    "richard:Rick,Dick,Richie,Rich robert:Bob,Rob,Bobby,Robbie,Bert ronald:Ron,Ronnie "
    "samantha:Sam,Sammy samuel:Sam,Sammy "
    "sarah:Sally,Sal sharon:Shaz,Shazza stephanie:Steph stephen:Steve,Ste steven:Steve,Ste susan:Sue,Susie "
    "terence:Terry,Tel theresa:Tess,Terri thomas:Tom,Tommy timothy:Tim tracey:Trace victoria:Vicky,Tori,Vic "
    "vincent:Vince,Vinny william:Bill,Will,Billy,Liam abdul:Ab,Abs zachary:Zac jack:John,Jackie "
    "bob:Robert bill:William tony:Anthony terry:Terence joe:Joseph sam:Samuel alex:Alexander kate:Catherine"
)
ANGLICISED = _each(
    "piotr:Peter jan:John jakub:Jacob michał:Michael krzysztof:Christopher tomasz:Thomas paweł:Paul łukasz:Luke "
    "maciej:Matthew mateusz:Matthew andrzej:Andrew stanisław:Stanley wojciech:Adalbert aleksander:Alexander "
    "szymon:Simon józef:Joseph jerzy:George katarzyna:Catherine małgorzata:Margaret agnieszka:Agnes ewa:Eve joão:John "
    "josé:Joseph pedro:Peter tiago:James miguel:Michael andrei:Andrew ștefan:Stephen gheorghe:George mihai:Michael "
    "ioan:John ioana:Joanna elena:Helen yusuf:Joseph ibrahim:Abraham maryam:Mary musa:Moses dawud:David "
    "sulaiman:Solomon omar:Homer seán:John séamus:James pádraig:Patrick liam:William siobhán:Joan aodhan:Aidan "
    "cahal:Charles breandan:Brendan wiktor:Victor dawid:David filip:Philip franciszek:Francis mikołaj:Nicholas "
    "antoni:Anthony karol:Charles marcin:Martin"
)
