"""A check as JUnit XML, the format in which CI servers show tests: a suite for each stack, a case for each rule."""

from xml.etree import ElementTree as ET

from generator.present.answers import Review, ReviewFinding
from generator.present.figures import plain


def junit(found: Review) -> str:
    """Spell a review as JUnit XML.

    Parameters
    ----------
    found : Review

    Returns
    -------
    str
        XML. A case fails by the findings that are not known, whatever their severity; what XML cannot hold, such as
        control characters, stands there as its escape.
    """
    suites = ET.Element("testsuites", name="covey check")
    for stack in found.stacks:
        failing: dict[str, list[ReviewFinding]] = {}
        for one in found.findings:
            if one.stack == stack and not one.known:
                failing.setdefault(one.rule, []).append(one)
        suite = ET.SubElement(
            suites, "testsuite", name=plain(stack), tests=str(len(found.rules)), failures=str(len(failing))
        )
        for rule in found.rules:
            case = ET.SubElement(suite, "testcase", classname=plain(stack), name=plain(rule.id))
            if rule.id in failing:
                said = [f"{one.file}:{one.line}: {one.message} {one.remedy}" for one in failing[rule.id]]
                failure = ET.SubElement(case, "failure", type=rule.severity, message=plain(said[0]))
                failure.text = "\n".join(plain(line) for line in said)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"
