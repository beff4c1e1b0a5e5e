"""Made-up text in the five languages, long enough to pass every quality rule, a function of code, and a text's hash."""

from __future__ import annotations

import xxhash

TEXTS = {
    "en": (
        "The children play by the river every summer while their parents read quiet books about distant stars. "
        "In the evening everybody walks home along the old road, and somebody always sings."
    ),
    "fi": (
        "Lapset leikkivät joen rannalla joka kesä, kun heidän vanhempansa lukevat kirjoja kaukaisista tähdistä. "
        "Illalla kaikki kävelevät kotiin vanhaa tietä pitkin, ja joku laulaa aina."
    ),
    "hi": (
        "बच्चे हर गर्मी में नदी के किनारे खेलते हैं, जबकि उनके माता-पिता दूर के तारों के बारे में किताबें पढ़ते हैं। "
        "शाम को सब लोग पुरानी सड़क से घर लौटते हैं और कोई न कोई हमेशा गाता है।"
    ),
    "ja": (
        "子どもたちは毎年の夏に川辺で遊び、両親は遠い星についての静かな本を読んでいます。"
        "夕方になると、みんなで古い道を歩いて家に帰り、いつも誰かが歌を歌っています。"
    ),
    "vi": (
        "Trẻ em chơi bên dòng sông mỗi mùa hè trong khi cha mẹ của chúng đọc những cuốn sách về các vì sao xa. "
        "Buổi tối mọi người đi bộ về nhà theo con đường cũ và luôn có ai đó hát."
    ),
}

CODE_TEXT = '''\
def mean_of(values):
    """The arithmetic mean of a list of numbers, or zero for an empty list."""
    total = sum(values)
    return total / len(values) if values else 0
'''


def text_hash(text: str) -> int:
    """The hash that decides which texts are duplicates or held out, computed for one text alone."""
    return xxhash.xxh3_128_intdigest(text.encode("utf-8", "surrogatepass"))
