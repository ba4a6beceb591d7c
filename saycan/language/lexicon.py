"""English as data: words that name nothing, other words for colours and things, and what only sounds like a thing here.

The stop words are scikit-learn's (BSD licence), kept here because importing them from there takes a second.
"""

import re

_WORDS = """
a about above across after afterwards again against all almost alone along already also although always am among
amongst amoungst amount an and another any anyhow anyone anything anyway anywhere are around as at back be became
because become becomes becoming been before beforehand behind being below beside besides between beyond bill both
bottom but by call can cannot cant co con could couldnt cry de describe detail do done down due during each eg eight
either eleven else elsewhere empty enough etc even ever every everyone everything everywhere except few fifteen fifty
fill find fire first five for former formerly forty found four from front full further get give go had has hasnt have
he hence her here hereafter hereby herein hereupon hers herself him himself his how however hundred i ie if in inc
indeed interest into is it its itself keep last latter latterly least less ltd made many may me meanwhile might mill
mine more moreover most mostly move much must my myself name namely neither never nevertheless next nine no nobody
none noone nor not nothing now nowhere of off often on once one only onto or other others otherwise our ours ourselves
out over own part per perhaps please put rather re same see seem seemed seeming seems serious several she should show
side since sincere six sixty so some somehow someone something sometime sometimes somewhere still such system take ten
than that the their them themselves then thence there thereafter thereby therefore therein thereupon these they thick
thin third this those though three through throughout thru thus to together too top toward towards twelve twenty two
un under until up upon us very via was we well were what whatever when whence whenever where whereafter whereas
whereby wherein whereupon wherever whether which while whither who whoever whole whom whose why will with within
without would yet you your yours yourself yourselves
"""

STOP_WORDS = frozenset(_WORDS.split())

_PLACES_AND_TURNS = """
collection diagonal duo exterior group hue inner leftovers occupant occupants outer perimeter quadrant rear remainder selection
surroundings tint trio vicinity
bottom border borders end far line margin near north northeast northwest east row rim south southeast southwest top west
upper lower heap pile stack tower circle pattern queue square triangle
afternoon arm beginning bit case chance company couple day distance evening favor favour guest guests human hurry idea job look lot
machine majority mess minute moment morning night order pair party path plan pleasure problem question reason rest robot rush sake
second start ability alternative attention audience brand breath challenge change children client comfort contrary convenience conscience count
customer dear deal difference double effort environment exception experiment eye fate feeling flash flourish fun gap god heck hell help
hint hunch instruction kid kindness lad leisure limit luck manner meantime need partner pro professor record request
reward rule sec shame smell step students teacher team tidy tip toddler task time try turn user visitor visitors way weekend word world
"""

NO_THINGS = frozenset(_PLACES_AND_TURNS.split())
"""Nouns as in "the right border", "do me a favour", "in a hurry", "a couple of blocks"."""

_ARTICLES = "the a an my your our his her their this that these those some any another"
ARTICLES = frozenset(_ARTICLES.split())
"""What may stand before a noun."""

_BEFORE_NOUNS = "empty full other last first two three four next same"
BEFORE_NOUNS = frozenset(_BEFORE_NOUNS.split())
"""Stop words that a noun may follow."""

_FETCHING = "bring get fetch give pass hand take grab up put place move need buy serve"
FETCHING = frozenset(_FETCHING.split())
"""What may stand before a thing that is asked for without an article: "get forks"."""

_INTO = "in into inside on onto to under behind"
INTO = frozenset(_INTO.split())
"""What stands before a place."""

ELSEWHERE = frozenset({"box", "basket", "chair", "sofa"})
"""Places of another world, of which the grammar speaks in passing."""

_ALSO_SAID = """
bag bar case control drink drive file level maker measure package picture piece ring roll safe ship shop spring stable stick tap top
train whistle
"""
ALSO_SAID = frozenset(_ALSO_SAID.split())
"""Nouns of another world that are also said of what is here, or are verbs."""

WASTE = ("waste", "trash", "litter", "garbage", "rubbish")
"""Beginnings of other words for the bin: "the waste-paper basket"."""

OTHER_COLOURS = frozenset(  # the basic terms first (Berlin and Kay 1969)
    {"black", "white", "grey", "gray", "brown"}
    | {"turquoise", "teal", "cyan", "silver", "gold", "beige", "bronze", "striped", "transparent", "invisible"}
)
"""What nothing here looks like."""

SHADES = {
    **dict.fromkeys(("crimson", "scarlet", "ruby"), "red"),
    **dict.fromkeys(("golden",), "yellow"),
    **dict.fromkeys(("emerald", "jade"), "green"),
    **dict.fromkeys(("navy", "azure", "cobalt"), "blue"),
    **dict.fromkeys(("violet", "lilac", "lavender"), "purple"),
}
"""Other words for the colours here."""

BETWEEN = ("wooden", "small", "little", "tiny", "big", "large", "plain", "plastic", "building", "toy")
"""What may stand between a colour and its noun."""

_MADE_OF_IT = """
juice pie cake bread tart crumble sauce jam smoothie split squeezer juicer peeler corer slicer opener holder rack liner lid jug glass
tap pipe soap cloth towel brush rag
"""
MADE_OF_IT = frozenset(_MADE_OF_IT.split())
"""What no thing here is, though the word before it may be: "apple juice", "bottle opener"."""

ELSE_CALLED = {
    "cola": "coke can",
    "coca-cola": "coke can",
    "crisps": "chips bag",
    "dustbin": "bin",
    "wastebasket": "bin",
    "teacup": "cup",
    "cabinet": "drawer",
}
"""Other words for things of the catalogue."""

LOOSE = frozenset({"snack", "trash", "cleaner", "container", "receptacle", "fixture"})
"""Classes that other things may stand in for: an apple is a snack, too."""

GENERAL = frozenset({"thing", "things", "object", "objects", "item", "items", "stuff"})
"""Words for whatever there is."""

ORANGES = re.compile(
    r"\boranges\b|\borange(?= *($|[.,;:!?]|(and|or|in|into|on|onto|to|from|with|for|next|please|is|goes)\b))"
)
"""The fruit, which has the name of a colour."""
