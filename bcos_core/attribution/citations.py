"""The papers that methods come from, and their BibTeX entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bcos_core.attribution.registry import METHODS
from bcos_core.registry import Registry


@dataclass(frozen=True)
class Citation:
    """A paper. `kind` is BibTeX's ("article", "inproceedings", "misc"); `fields` are in BibTeX's order and LaTeX's
    letters, authors as "Family, Given and Family, Given"."""

    key: str
    kind: str
    fields: Mapping[str, str]

    @property
    def bibtex(self) -> str:
        lines = "".join(f"  {name} = {{{value}}},\n" for name, value in self.fields.items())
        return f"@{self.kind}{{{self.key},\n{lines}}}\n"


CITATIONS: Registry[Citation] = Registry("citation")


def _paper(key: str, kind: str, **fields: str) -> None:
    CITATIONS.register(key, Citation(key, kind, fields))


def bibtex(methods: Iterable[str]) -> str:
    """The entries of the papers behind methods, each once, in the order of the methods.

    Raises:
        UnknownNameError: a method that is not registered.
    """
    keys = dict.fromkeys(key for name in methods for key in METHODS[name].cites)
    return "\n".join(CITATIONS[key].bibtex for key in keys)


_paper(
    "boehle2022bcos",
    "inproceedings",
    author='B{\\"o}hle, Moritz and Fritz, Mario and Schiele, Bernt',
    title="{B}-cos Networks: Alignment is All We Need for Interpretability",
    booktitle="IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)",
    pages="10329--10338",
    year="2022",
    doi="10.1109/CVPR52688.2022.01008",
    eprint="2205.10268",
    archiveprefix="arXiv",
)
_paper(
    "wang2025bcoslm",
    "article",
    author="Wang, Yifan and Rao, Sukrut and Lee, Ji-Ung and Jobanputra, Mayank and Demberg, Vera",
    title="{B}-cos {LM}: Efficiently Transforming Pre-trained Language Models for Improved Explainability",
    journal="Transactions on Machine Learning Research",
    year="2025",
    eprint="2502.12992",
    archiveprefix="arXiv",
)
_paper(
    "ali2022xai",
    "inproceedings",
    author="Ali, Ameen and Schnake, Thomas and Eberle, Oliver and Montavon, Gr{\\'e}goire and M{\\\"u}ller,"
    " Klaus-Robert and Wolf, Lior",
    title="{XAI} for Transformers: Better Explanations through Conservative Propagation",
    booktitle="Proceedings of the 39th International Conference on Machine Learning (ICML)",
    series="Proceedings of Machine Learning Research",
    volume="162",
    pages="435--451",
    year="2022",
    eprint="2202.07304",
    archiveprefix="arXiv",
)
_paper(
    "satkiewicz2025pulling",
    "misc",
    author="Satkiewicz, Maciej and Corizzo, Roberto and Pietro{\\'n}, Marcin",
    title="Pulling Back the Curtain on Deep Networks",
    year="2025",
    eprint="2507.22832",
    archiveprefix="arXiv",
)
_paper(
    "sundararajan2017axiomatic",
    "inproceedings",
    author="Sundararajan, Mukund and Taly, Ankur and Yan, Qiqi",
    title="Axiomatic Attribution for Deep Networks",
    booktitle="Proceedings of the 34th International Conference on Machine Learning (ICML)",
    series="Proceedings of Machine Learning Research",
    volume="70",
    pages="3319--3328",
    year="2017",
    eprint="1703.01365",
    archiveprefix="arXiv",
)
_paper(
    "zeiler2014visualizing",
    "inproceedings",
    author="Zeiler, Matthew D. and Fergus, Rob",
    title="Visualizing and Understanding Convolutional Networks",
    booktitle="Computer Vision -- ECCV 2014",
    series="Lecture Notes in Computer Science",
    volume="8689",
    pages="818--833",
    publisher="Springer",
    year="2014",
    doi="10.1007/978-3-319-10590-1_53",
    eprint="1311.2901",
    archiveprefix="arXiv",
)
_paper(
    "shrikumar2016not",
    "misc",
    author="Shrikumar, Avanti and Greenside, Peyton and Shcherbina, Anna and Kundaje, Anshul",
    title="Not Just a Black Box: Learning Important Features Through Propagating Activation Differences",
    year="2016",
    eprint="1605.01713",
    archiveprefix="arXiv",
)
_paper(
    "simonyan2014deep",
    "inproceedings",
    author="Simonyan, Karen and Vedaldi, Andrea and Zisserman, Andrew",
    title="Deep Inside Convolutional Networks: Visualising Image Classification Models and Saliency Maps",
    booktitle="International Conference on Learning Representations (ICLR), Workshop Track",
    year="2014",
    eprint="1312.6034",
    archiveprefix="arXiv",
)
_paper(
    "achtibat2024attnlrp",
    "inproceedings",
    author="Achtibat, Reduan and Hatefi, Sayed Mohammad Vakilzadeh and Dreyer, Maximilian and Jain, Aakriti and"
    " Wiegand, Thomas and Lapuschkin, Sebastian and Samek, Wojciech",
    title="{AttnLRP}: Attention-Aware Layer-Wise Relevance Propagation for Transformers",
    booktitle="Proceedings of the 41st International Conference on Machine Learning (ICML)",
    series="Proceedings of Machine Learning Research",
    volume="235",
    pages="135--168",
    year="2024",
    eprint="2402.05602",
    archiveprefix="arXiv",
)
_paper(
    "modarressi2023decompx",
    "inproceedings",
    author="Modarressi, Ali and Fayyaz, Mohsen and Aghazadeh, Ehsan and Yaghoobzadeh, Yadollah and Pilehvar, Mohammad"
    " Taher",
    title="{DecompX}: Explaining Transformers Decisions by Propagating Token Decomposition",
    booktitle="Proceedings of the 61st Annual Meeting of the Association for Computational Linguistics (Volume 1: Long"
    " Papers)",
    pages="2649--2664",
    year="2023",
    doi="10.18653/v1/2023.acl-long.149",
    eprint="2306.02873",
    archiveprefix="arXiv",
)
_paper(
    "smilkov2017smoothgrad",
    "misc",
    author="Smilkov, Daniel and Thorat, Nikhil and Kim, Been and Vi{\\'e}gas, Fernanda and Wattenberg, Martin",
    title="{SmoothGrad}: removing noise by adding noise",
    year="2017",
    eprint="1706.03825",
    archiveprefix="arXiv",
)
_paper(
    "erion2021improving",
    "article",
    author="Erion, Gabriel and Janizek, Joseph D. and Sturmfels, Pascal and Lundberg, Scott M. and Lee, Su-In",
    title="Improving performance of deep learning models with axiomatic attribution priors and expected gradients",
    journal="Nature Machine Intelligence",
    volume="3",
    number="7",
    pages="620--631",
    year="2021",
    doi="10.1038/s42256-021-00343-w",
    eprint="1906.10670",
    archiveprefix="arXiv",
)
_paper(
    "castro2009polynomial",
    "article",
    author="Castro, Javier and G{\\'o}mez, Daniel and Tejada, Juan",
    title="Polynomial calculation of the {Shapley} value based on sampling",
    journal="Computers \\& Operations Research",
    volume="36",
    number="5",
    pages="1726--1730",
    year="2009",
    doi="10.1016/j.cor.2008.04.004",
)
_paper(
    "chen2020lstree",
    "inproceedings",
    author="Chen, Jianbo and Jordan, Michael",
    title="{LS-Tree}: Model Interpretation When the Data Are Linguistic",
    booktitle="Proceedings of the AAAI Conference on Artificial Intelligence",
    volume="34",
    number="04",
    pages="3454--3461",
    year="2020",
    doi="10.1609/aaai.v34i04.5749",
    eprint="1902.04187",
    archiveprefix="arXiv",
)
_paper(
    "wang2023banzhaf",
    "inproceedings",
    author="Wang, Jiachen T. and Jia, Ruoxi",
    title="Data {Banzhaf}: A Robust Data Valuation Framework for Machine Learning",
    booktitle="Proceedings of The 26th International Conference on Artificial Intelligence and Statistics",
    volume="206",
    pages="6388--6421",
    year="2023",
    eprint="2205.15466",
    archiveprefix="arXiv",
)
_paper(
    "lundberg2017unified",
    "inproceedings",
    author="Lundberg, Scott M. and Lee, Su-In",
    title="A Unified Approach to Interpreting Model Predictions",
    booktitle="Advances in Neural Information Processing Systems",
    volume="30",
    pages="4765--4774",
    year="2017",
    eprint="1705.07874",
    archiveprefix="arXiv",
)
_paper(
    "ribeiro2016why",
    "inproceedings",
    author="Ribeiro, Marco Tulio and Singh, Sameer and Guestrin, Carlos",
    title="``{Why} Should {I} Trust You?'': Explaining the Predictions of Any Classifier",
    booktitle="Proceedings of the 22nd ACM SIGKDD International Conference on Knowledge Discovery and Data Mining",
    pages="1135--1144",
    year="2016",
    doi="10.1145/2939672.2939778",
    eprint="1602.04938",
    archiveprefix="arXiv",
)
_paper(
    "clark2019what",
    "inproceedings",
    author="Clark, Kevin and Khandelwal, Urvashi and Levy, Omer and Manning, Christopher D.",
    title="What Does {BERT} Look at? {An} Analysis of {BERT}'s Attention",
    booktitle="Proceedings of the 2019 ACL Workshop BlackboxNLP: Analyzing and Interpreting Neural Networks for NLP",
    pages="276--286",
    year="2019",
    doi="10.18653/v1/W19-4828",
    eprint="1906.04341",
    archiveprefix="arXiv",
)
_paper(
    "abnar2020quantifying",
    "inproceedings",
    author="Abnar, Samira and Zuidema, Willem",
    title="Quantifying Attention Flow in Transformers",
    booktitle="Proceedings of the 58th Annual Meeting of the Association for Computational Linguistics",
    pages="4190--4197",
    year="2020",
    doi="10.18653/v1/2020.acl-main.385",
    eprint="2005.00928",
    archiveprefix="arXiv",
)
_paper(
    "chefer2021generic",
    "inproceedings",
    author="Chefer, Hila and Gur, Shir and Wolf, Lior",
    title="Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder Transformers",
    booktitle="Proceedings of the IEEE/CVF International Conference on Computer Vision (ICCV)",
    year="2021",
    eprint="2103.15679",
    archiveprefix="arXiv",
)
_paper(
    "mohebbi2023quantifying",
    "inproceedings",
    author="Mohebbi, Hosein and Zuidema, Willem and Chrupa{\\l}a, Grzegorz and Alishahi, Afra",
    title="Quantifying Context Mixing in Transformers",
    booktitle="Proceedings of the 17th Conference of the European Chapter of the Association for Computational"
    " Linguistics (EACL)",
    year="2023",
    eprint="2301.12971",
    archiveprefix="arXiv",
)
_paper(
    "enguehard2023sequential",
    "inproceedings",
    author="Enguehard, Joseph",
    title="Sequential Integrated Gradients: a simple but effective method for explaining language models",
    booktitle="Findings of the Association for Computational Linguistics: ACL 2023",
    year="2023",
    eprint="2305.15853",
    archiveprefix="arXiv",
)
_paper(
    "abbasi2025normxlogit",
    "inproceedings",
    author="Abbasi, Sina and Modarres, Mohammad Reza and Pilehvar, Mohammad Taher",
    title="{NormXLogit}: The Head-on-Top Never Lies",
    booktitle="Proceedings of the 2025 Conference on Empirical Methods in Natural Language Processing",
    pages="34914--34935",
    publisher="Association for Computational Linguistics",
    year="2025",
    eprint="2411.16252",
    archiveprefix="arXiv",
)
_paper(
    "zhao2024reagent",
    "misc",
    author="Zhao, Zhixue and Shan, Boxuan",
    title="{ReAGent}: A Model-agnostic Feature Attribution Method for Generative Language Models",
    year="2024",
    eprint="2402.00794",
    archiveprefix="arXiv",
)
