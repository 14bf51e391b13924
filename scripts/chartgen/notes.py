# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the body of one clinical document of a given type as a list of blocks.

Blocks: ("head", text) ("para", text) ("inline", heading, text) ("list", items, numbered) ("line", text)
("table", header, rows, grid) ("form", [(label, value)]) ("sign", label, name) ("ecg",) ("card",) ("space",).
A table cell that begins with HAND is written by hand; its text is not part of the page's truth.
"""
import datetime
import re

from . import people
from .grammar import Grammar, load

HAND = "\x01"
G = Grammar(load())
CASES = sorted({s.split(".")[1] for s in G.symbols if s.startswith("case.")})
OPS = sorted({s.split(".")[1] for s in G.symbols if s.startswith("op.")})
PROCEDURES = sorted({s.split(".")[1] for s in G.symbols if s.startswith("pr.")})
STUDIES = sorted({s.split(".")[1] for s in G.symbols if s.startswith("im.")})

HEADS = {
    "cc": ["CHIEF COMPLAINT", "CHIEF COMPLAINT", "CC", "REASON FOR VISIT", "PRESENTING COMPLAINT", "COMPLAINT"],
    "hpi": ["HISTORY OF PRESENT ILLNESS", "HISTORY OF PRESENT ILLNESS", "HPI", "PRESENT ILLNESS", "HISTORY", "BRIEF HISTORY"],
    "pmh": ["PAST MEDICAL HISTORY", "PAST MEDICAL HISTORY", "PMH", "MEDICAL HISTORY", "PAST HISTORY", "MEDICAL PROBLEMS"],
    "psh": ["PAST SURGICAL HISTORY", "SURGICAL HISTORY", "PREVIOUS OPERATIONS", "PSH", "PAST SURGERIES"],
    "meds": ["MEDICATIONS", "CURRENT MEDICATIONS", "HOME MEDICATIONS", "MEDICATIONS ON ADMISSION", "MEDS",
             "PRESENT MEDICATIONS"],
    "all": ["ALLERGIES", "ALLERGIES", "DRUG ALLERGIES", "ALLERGIES TO MEDICATIONS"],
    "soc": ["SOCIAL HISTORY", "SOCIAL HISTORY", "HABITS", "PERSONAL AND SOCIAL HISTORY", "SOCIAL"],
    "fam": ["FAMILY HISTORY", "FAMILY HISTORY", "FH", "FAMILY MEDICAL HISTORY"],
    "ros": ["REVIEW OF SYSTEMS", "REVIEW OF SYSTEMS", "ROS", "SYSTEMS REVIEW"],
    "pe": ["PHYSICAL EXAMINATION", "PHYSICAL EXAMINATION", "PHYSICAL EXAM", "EXAMINATION", "EXAM", "OBJECTIVE"],
    "lab": ["LABORATORY DATA", "LABS", "LABORATORY STUDIES", "DIAGNOSTIC DATA", "DIAGNOSTIC STUDIES", "LABORATORY",
            "LABORATORY AND X-RAY DATA", "DATA"],
    "imp": ["IMPRESSION", "ASSESSMENT", "DIAGNOSES", "IMPRESSION", "DIAGNOSIS", "CLINICAL IMPRESSION"],
    "plan": ["PLAN", "RECOMMENDATIONS", "PLAN", "TREATMENT PLAN", "DISPOSITION AND PLAN"],
    "ap": ["ASSESSMENT AND PLAN", "IMPRESSION AND PLAN", "ASSESSMENT/PLAN", "IMPRESSION/RECOMMENDATIONS"],
}

TESTS = [("Sodium", 136, 145, "mmol/L", 0), ("Potassium", 3.5, 5.1, "mmol/L", 1), ("Chloride", 98, 107, "mmol/L", 0),
         ("CO2", 22, 29, "mmol/L", 0), ("BUN", 7, 20, "mg/dL", 0), ("Creatinine", 0.6, 1.2, "mg/dL", 1),
         ("Glucose", 70, 99, "mg/dL", 0), ("Calcium", 8.5, 10.5, "mg/dL", 1), ("Albumin", 3.5, 5.0, "g/dL", 1),
         ("Total Protein", 6.0, 8.3, "g/dL", 1), ("Bilirubin, Total", 0.2, 1.2, "mg/dL", 1), ("Alk Phos", 44, 147, "U/L", 0),
         ("AST (SGOT)", 10, 40, "U/L", 0), ("ALT (SGPT)", 7, 56, "U/L", 0), ("WBC", 4.0, 11.0, "K/uL", 1),
         ("RBC", 4.2, 5.9, "M/uL", 2), ("Hemoglobin", 12.0, 16.0, "g/dL", 1), ("Hematocrit", 36, 46, "%", 1),
         ("MCV", 80, 100, "fL", 1), ("MCH", 27, 33, "pg", 1), ("RDW", 11.5, 14.5, "%", 1), ("Platelets", 150, 400, "K/uL", 0),
         ("Neutrophils", 40, 75, "%", 0), ("Lymphocytes", 20, 45, "%", 0), ("Monocytes", 2, 10, "%", 0),
         ("Eosinophils", 0, 6, "%", 0), ("TSH", 0.4, 4.0, "uIU/mL", 2), ("Free T4", 0.8, 1.8, "ng/dL", 1),
         ("Cholesterol", 0, 200, "mg/dL", 0), ("HDL", 40, 60, "mg/dL", 0), ("LDL", 0, 130, "mg/dL", 0),
         ("Triglycerides", 0, 150, "mg/dL", 0), ("Hemoglobin A1c", 4.0, 5.6, "%", 1), ("PT", 11.0, 13.5, "sec", 1),
         ("INR", 0.8, 1.2, "", 1), ("PTT", 25, 35, "sec", 0), ("Troponin I", 0, 0.04, "ng/mL", 2), ("CK", 30, 200, "U/L", 0),
         ("BNP", 0, 100, "pg/mL", 0), ("Uric Acid", 3.5, 7.2, "mg/dL", 1), ("Magnesium", 1.6, 2.6, "mg/dL", 1),
         ("Phosphorus", 2.5, 4.5, "mg/dL", 1), ("Amylase", 30, 110, "U/L", 0), ("Lipase", 0, 160, "U/L", 0),
         ("Ferritin", 20, 250, "ng/mL", 0), ("Iron", 60, 170, "ug/dL", 0), ("Vitamin B12", 200, 900, "pg/mL", 0),
         ("PSA", 0, 4.0, "ng/mL", 1), ("Sed Rate", 0, 20, "mm/hr", 0), ("CRP", 0, 1.0, "mg/dL", 1), ("Digoxin", 0.8, 2.0, "ng/mL", 1),
         ("Dilantin", 10, 20, "ug/mL", 1), ("LDH", 100, 190, "U/L", 0)]
URINE = [("Color", ["Yellow", "Amber", "Straw"], "Yellow"), ("Appearance", ["Clear", "Hazy", "Cloudy"], "Clear"),
         ("Specific Gravity", ["1.010", "1.015", "1.025"], "1.005-1.030"), ("pH", ["5.0", "6.0", "7.5"], "5.0-8.0"),
         ("Protein", ["Negative", "Trace", "30"], "Negative"), ("Glucose", ["Negative", "250"], "Negative"),
         ("Ketones", ["Negative", "Trace"], "Negative"), ("Blood", ["Negative", "Small", "Large"], "Negative"),
         ("Nitrite", ["Negative", "Positive"], "Negative"), ("Leukocyte Esterase", ["Negative", "Moderate"], "Negative"),
         ("WBC/hpf", ["0-2", "5-10", "20-50"], "0-5"), ("Bacteria", ["None", "Few", "Many"], "None")]
VACCINES = ["DTaP", "DTaP #2", "Polio (IPV)", "OPV", "MMR", "MMR #2", "Hepatitis B", "Hepatitis B #2", "Hepatitis B #3",
            "Hepatitis A", "Hib", "Varicella", "Pneumococcal (PCV7)", "Pneumovax 23", "Influenza", "Influenza (flu shot)",
            "Td", "Tdap", "Meningococcal", "HPV #1", "Rotavirus", "Zoster", "PPD / TB skin test"]
INSURERS = ["Medicare", "Medicaid", "Blue Cross Blue Shield", "United Benefit Life", "Prairie States Health Plan", "Self pay",
            "Workers' Compensation", "Tri-County HMO", "Guardian Mutual PPO", "Keystone Select", "Heritage Health Partners",
            "Tricare", "American Republic", "First Choice Health Network"]
EMPLOYERS = ["Retired", "Unemployed", "Self employed", "Hadley Tool & Die", "Midland Freight Lines", "County School District",
             "Valley Grocers", "Homemaker", "Student", "City of Harlow Falls", "Allied Paper Co", "US Postal Service",
             "Riverbend Nursery", "Disabled"]


def make_context(rng, person, date, provider, facility, dos_print):
    """The grammar's view of one document: who it is about and when."""
    age = max(0, (date - person.born).days // 365)
    female = person.sex == "F"
    kind = ("girl" if female else "boy") if age < 15 else rng.choice(["female", "woman", "lady"] if female else ["male", "man", "gentleman"])
    he, his, him = ("she", "her", "her") if female else ("he", "his", "him")
    return {
        "himself": "herself" if female else "himself",
        "age": age, "sexword": kind, "he": he, "his": his, "him": him, "He": he.capitalize(), "His": his.capitalize(),
        "title_name": ("Ms. " if female else "Mr. ") + person.last_name if age >= 15 else person.first_name,
        "person": f"{person.first_name} {person.last_name}", "provider_full": f"{provider}, {rng.choice(['M.D.', 'MD', 'M.D.', 'D.O.'])}",
        "dos_print": dos_print, "facility": facility, "initials": "".join(w[0] for w in provider.split()).lower(),
    }


class Writer:
    """One document. `length` (about 0.5 to 3) scales how much is said."""

    def __init__(self, rng, kind, person, date, provider, facility, dos_print, date_format):
        self.rng, self.kind, self.person, self.date = rng, kind, person, date
        self.provider, self.facility, self.date_format = provider, facility, date_format
        self.ctx = make_context(rng, person, date, provider, facility, dos_print)
        self.blocks = []
        self.length = rng.choice([0.7, 0.9, 1.1, 1.3, 1.7, 2.2, 2.8])
        self.style = rng.choice(["own", "own", "inline", "inline", "own"])
        self.case_style = rng.choice(["UPPER:", "UPPER:", "UPPER", "Title:", "UPPER:"])
        self.gap = rng.random() < 0.4
        self.case = case = self.pick_case(person.sex, self.ctx["age"])
        self.second = case
        while self.second == case:
            self.second = self.pick_case(person.sex, self.ctx["age"])
        self.ctx["cc_l"] = self.g(f"case.{case}.cc")
        self.ctx["dx_l"] = lower_first(self.g(f"case.{case}.dx"))

    def pick_case(self, sex, age):
        while True:
            case = self.rng.choice(CASES)
            if case == "pregnancy" and (sex == "M" or not 15 < age < 55):
                continue
            if case == "bph" and (sex == "F" or age < 40):
                continue
            if case == "peds" and age > 12:
                continue
            if age < 15 and case in ("chf", "mi", "copd", "ckd", "dementia", "cancer", "hip", "obesity", "stroke", "divert", "eye"):
                continue
            return case

    # --- small tools -------------------------------------------------------------------------------------------
    def g(self, symbol):
        return G.pick(symbol, self.rng, self.ctx)

    def some(self, symbol, low, high):
        return G.sample(symbol, self.rng, self.ctx, low, high)

    def maybe(self, p):
        return self.rng.random() < p

    def heading(self, key):
        text = self.rng.choice(HEADS[key]) if key in HEADS else key
        if self.case_style == "Title:":
            return title_case(text) + ":"
        return text + (":" if self.case_style == "UPPER:" else "")

    def section(self, key, text):
        if not text:
            return
        head = self.heading(key)
        if self.style == "inline" and isinstance(text, str):
            self.blocks.append(("inline", head if head.endswith(":") else head + ":", text))
        else:
            self.blocks.append(("head", head))
            self.blocks.append(("para", text) if isinstance(text, str) else text)
        if self.gap:
            self.blocks.append(("space",))

    def items(self, key, items, numbered=None):
        if not items:
            return
        numbered = self.maybe(0.75) if numbered is None else numbered
        if len(items) == 1 or self.maybe(0.25):
            self.section(key, " ".join(items))
            return
        self.blocks.append(("head", self.heading(key)))
        self.blocks.append(("list", items, numbered))
        if self.gap:
            self.blocks.append(("space",))

    def n(self, low, high):
        """A count scaled by the document's length."""
        return max(1, round(self.rng.randint(low, high) * min(self.length, 2.5)))

    def line(self, text):
        self.blocks.append(("line", text))

    def day(self, offset):
        return people.print_date(self.date + datetime.timedelta(days=offset), self.date_format)

    # --- shared sections -----------------------------------------------------------------------------------------
    def hpi(self):
        lines = [self.g("patient_is") + " " + self.rng.choice(["who presents with", "who presents to {} with".format(
            self.rng.choice(["the office", "the emergency room", "clinic"])), "complaining of", "with a history of",
            "referred for evaluation of", "seen today for"]) + f" {self.ctx['cc_l']}" + self.rng.choice([".", " " + self.g("onset") + "."])]
        lines += self.some(f"case.{self.case}.hpi", 2, 2 + self.n(1, 4))
        if self.maybe(0.5 * self.length):
            lines += self.some(f"case.{self.second}.hpi", 1, 3)
        if self.maybe(0.3 * self.length - 0.2):
            lines += self.some("interval", 1, 3) + self.some(f"case.{self.second}.course", 1, 2) + self.some("lab_sentence", 0, 2)
        if self.maybe(0.4):
            lines.append(f"{self.ctx['He']} {self.rng.choice(['has a history of', 'also has', 'is known to have'])} "
                         + join_and(self.some("comorbid", 2, 4)) + ".")
        return " ".join(lines)

    def comorbid_block(self):
        items = [cap(x) + "." for x in self.some("comorbid", 1, self.n(3, 6))]
        if self.maybe(0.5):
            return self.items("pmh", items)
        text = self.rng.choice(["Significant for ", "Positive for ", "Notable for ", "Includes ", ""]) + join_and([lower_first(i[:-1]) for i in items])
        self.section("pmh", cap(text) + ".")

    def history(self, keys):
        for key in keys:
            if key == "pmh":
                self.comorbid_block()
            elif key == "psh":
                surgeries = self.some("surgery_hx", 1, self.n(2, 4))
                self.section("psh", self.rng.choice(["None.", cap(join_and(surgeries)) + ".", cap(join_and(surgeries)) + "."]))
            elif key == "meds":
                drugs = self.some("drug", 1, 1) + [self.g("drug") for _ in range(self.n(2, 6))]
                if self.maybe(0.5):
                    self.items("meds", [cap(d) + "." for d in drugs])
                else:
                    self.section("meds", cap(join_and(drugs)) + ".")
            elif key == "all":
                self.section("all", self.g("allergy_line"))
            elif key == "soc":
                self.section("soc", " ".join(self.some("social_line", 1, self.n(2, 4))))
            elif key == "fam":
                self.section("fam", " ".join(self.some("family_line", 1, 2)))
            elif key == "ros":
                if self.length > 0.9 and self.maybe(0.5):
                    lines = self.some("ros_line", 4, 10)
                    if self.maybe(0.5):
                        self.blocks.append(("head", self.heading("ros")))
                        self.blocks.extend(("para", x) for x in lines)
                    else:
                        self.section("ros", "  ".join(lines))
                else:
                    self.section("ros", self.g("ros_sum"))

    def exam(self, p_line=0.65):
        parts = [("GENERAL", "exam_general"), ("VITAL SIGNS", "vitals_sentence"), ("HEENT", "exam_heent"), ("NECK", "exam_neck"),
                 ("LUNGS", "exam_lungs"), ("HEART", "exam_heart"), ("ABDOMEN", "exam_abdomen"), ("EXTREMITIES", "exam_ext"),
                 ("NEUROLOGIC", "exam_neuro"), ("SKIN", "exam_skin"), ("GENITOURINARY", "exam_gu"), ("PSYCHIATRIC", "exam_psych")]
        keep = min(0.95, 0.35 + 0.35 * self.length)
        names = {"LUNGS": ["LUNGS", "CHEST", "RESPIRATORY", "LUNGS"], "HEART": ["HEART", "CARDIOVASCULAR", "CARDIAC", "HEART"],
                 "NEUROLOGIC": ["NEUROLOGIC", "NEURO", "NEUROLOGICAL"], "GENITOURINARY": ["GENITOURINARY", "GU", "RECTAL"]}
        lines = []
        for name, symbol in parts:
            if name in ("GENERAL", "VITAL SIGNS") or self.maybe(keep * (0.4 if name in ("SKIN", "GENITOURINARY", "PSYCHIATRIC") else 1)):
                label = self.rng.choice(names.get(name, [name]))
                lines.append((label if self.case_style != "Title:" else title_case(label)) + ":  " + self.g(symbol))
        for extra in self.some(f"case.{self.case}.exam", 1, 2):
            lines.insert(self.rng.randint(2, len(lines)), upper_label(extra))
        if self.maybe(p_line):
            self.blocks.append(("head", self.heading("pe")))
            self.blocks.extend(("para", x) for x in lines)
        else:
            self.section("pe", "  ".join(lines))

    def labs(self):
        self.section("lab", " ".join(self.some("lab_sentence", 2, self.n(2, 5))))

    def diagnoses(self, low=1, high=4):
        items = self.some(f"case.{self.case}.dx", 1, 2) + self.some(f"case.{self.second}.dx", 0, 1)
        items += [cap(c) for c in self.some("comorbid", 0, self.n(1, 3))]
        return [cap(i) + "." for i in items[: max(low, high + round(self.length))]]

    def plans(self):
        lines = self.some(f"case.{self.case}.plan", 1, 4) + self.some("generic_plan", 1, self.n(1, 3))
        return [x if x.endswith(".") else x + "." for x in lines]

    def assess(self):
        if self.maybe(0.35):
            lines = []
            for d in self.diagnoses():
                lines.append(d + "  " + " ".join(self.some("generic_plan", 1, 2)) if self.maybe(0.7) else d)
            self.items("ap", lines, True)
            if self.maybe(0.5):
                self.blocks.append(("para", " ".join(self.plans())))
        else:
            self.items("imp", self.diagnoses())
            self.items("plan", self.plans())

    def close(self, p_transcribed=0.5):
        if self.maybe(0.75):
            self.blocks.append(("space",))
            if self.maybe(0.6):
                self.line("_" * self.rng.randint(24, 36))
            self.line(self.g("sign_line"))
        if self.maybe(p_transcribed):
            self.line(self.g("transcribed"))

    # --- the types -------------------------------------------------------------------------------------------------
    def write(self):
        getattr(self, "write_" + self.kind)()
        return [tuple(tidy(part) for part in block) for block in self.blocks]

    def pick_for_sex(self, choices):
        wrong = {"hyst", "csec", "obus", "mammo"} if self.person.sex == "M" else {"turp", "cysto"}
        return self.rng.choice([c for c in choices if c not in wrong])

    def write_consultation_note(self):
        if self.maybe(0.5):
            self.section(self.rng.choice(["REASON FOR CONSULTATION", "REASON FOR CONSULT", "REASON FOR EVALUATION", "REFERRING PHYSICIAN AND REASON"]),
                         cap(self.ctx["cc_l"]) + ".")
        elif self.maybe(0.5):
            self.section("cc", cap(self.ctx["cc_l"]) + ".")
        opening = self.g("consult_open") + " " if self.maybe(0.6) else ""
        self.section("hpi", opening + self.hpi())
        self.history(self.order(["pmh", "psh", "meds", "all", "soc", "fam", "ros"], 0.85))
        self.exam()
        if self.maybe(0.6):
            self.labs()
        self.assess()
        if self.maybe(0.6):
            self.blocks.append(("para", " ".join(self.some("consult_close", 1, 2))))
        self.close()

    def order(self, keys, keep):
        keys = [k for k in keys if self.maybe(keep)]
        if self.maybe(0.3):
            i = self.rng.randrange(max(1, len(keys)))
            keys = keys[i:] + keys[:i]
        return keys

    def write_history_and_physical(self):
        if self.maybe(0.8):
            self.section("cc", cap(self.ctx["cc_l"]) + ".")
        self.section("hpi", self.hpi() + " " + self.rng.choice(["", self.ctx["He"] + " is admitted for further evaluation and treatment.",
                     "The patient is to be admitted.", self.ctx["He"] + " is scheduled for surgery."]))
        self.history(["pmh", "psh", "meds", "all", "soc", "fam", "ros"] if self.maybe(0.6) else self.order(["pmh", "psh", "all", "meds", "fam", "soc", "ros"], 0.95))
        self.exam()
        if self.maybe(0.7):
            self.labs()
        if self.maybe(0.5):
            self.items(self.rng.choice(["ADMITTING DIAGNOSES", "ADMISSION DIAGNOSIS", "IMPRESSION"]), self.diagnoses())
            self.items("plan", [f"Admit to {self.rng.choice(['telemetry', 'the medical floor', 'the ICU', 'the surgical service', 'labor and delivery'])}."] + self.plans())
        else:
            self.assess()
        self.close()

    def write_progress_note(self):
        if self.maybe(0.55):  # SOAP
            short = self.maybe(0.3)
            heads = ["S:", "O:", "A:", "P:"] if short else ["SUBJECTIVE", "OBJECTIVE", "ASSESSMENT", "PLAN"]
            style, self.style = self.style, "inline" if short else self.style
            subjective = " ".join(self.some("interval", 1, 3) + self.some(f"case.{self.case}.hpi", 1, self.n(1, 3)))
            if self.maybe(0.4):
                subjective = self.g("patient_is") + f" here for followup of {self.ctx['dx_l']}. " + subjective
            self.section(heads[0], subjective)
            if self.maybe(0.4):
                self.history(self.order(["meds", "all"], 0.7))
            objective = self.g("vitals_sentence") + " " + " ".join(upper_label(x) for x in self.some(f"case.{self.case}.exam", 1, 2))
            for label, symbol in (("Lungs", "exam_lungs"), ("Heart", "exam_heart"), ("Abdomen", "exam_abdomen"), ("Extremities", "exam_ext"), ("HEENT", "exam_heent")):
                if self.maybe(0.5):
                    objective += f"  {label}:  {self.g(symbol)}"
            if self.maybe(0.4):
                objective += " " + self.g("lab_sentence")
            self.section(heads[1], objective)
            self.items(heads[2], self.diagnoses())
            self.items(heads[3], self.plans() + [self.g("followup")])
            self.style = style
        else:
            self.section(self.rng.choice(["INTERVAL HISTORY", "SUBJECTIVE", "HISTORY OF PRESENT ILLNESS", "REASON FOR VISIT"]),
                         " ".join(self.some("interval", 2, 4) + self.some(f"case.{self.case}.hpi", 1, self.n(1, 3))))
            self.history(self.order(["meds", "all", "pmh"], 0.5))
            self.exam(0.5)
            if self.maybe(0.4):
                self.labs()
            self.assess()
            if self.maybe(0.6):
                self.blocks.append(("para", self.g("followup")))
        self.close(0.35)

    def write_discharge_summary(self):
        if self.maybe(0.65):
            self.section(self.rng.choice(["DATE OF ADMISSION", "ADMISSION DATE", "ADMITTED"]), self.day(-self.rng.randint(1, 14)))
            self.section(self.rng.choice(["DATE OF DISCHARGE", "DISCHARGE DATE", "DISCHARGED"]), self.day(0))
        if self.maybe(0.6):
            self.items(self.rng.choice(["ADMITTING DIAGNOSIS", "ADMISSION DIAGNOSES", "ADMITTING DIAGNOSES"]), self.diagnoses(1, 2))
        self.items(self.rng.choice(["DISCHARGE DIAGNOSES", "FINAL DIAGNOSES", "DISCHARGE DIAGNOSIS", "PRINCIPAL DIAGNOSIS"]), self.diagnoses(2, 5))
        if self.maybe(0.5):
            names = [G.pick(f"op.{self.pick_for_sex(OPS)}.name", self.rng, self.ctx) for _ in range(self.rng.randint(1, 2))]
            self.items(self.rng.choice(["PROCEDURES PERFORMED", "OPERATIONS", "PROCEDURES", "PROCEDURES DURING HOSPITALIZATION"]), [cap(n) + "." for n in names])
        if self.maybe(0.3):
            self.section("CONSULTATIONS", f"Dr. {self.g('surname')}, {self.rng.choice(['Cardiology', 'Infectious Disease', 'Surgery', 'Nephrology', 'Neurology'])}.")
        opening = self.g("dc_open")
        self.section(self.rng.choice(["HISTORY OF PRESENT ILLNESS", "BRIEF HISTORY", "HISTORY", "REASON FOR ADMISSION", "ADMISSION HISTORY"]),
                     opening + " " + " ".join(self.some(f"case.{self.case}.hpi", 1, self.n(2, 4))))
        if self.maybe(0.3):
            self.exam()
        if self.maybe(0.4):
            self.labs()
        course = self.some(f"case.{self.case}.course", 1, 4) + self.some("lab_sentence", 0, 2)
        if self.length > 1:
            course += self.some(f"case.{self.second}.course", 1, 2) + self.some("interval", 0, 2)
        self.section(self.rng.choice(["HOSPITAL COURSE", "HOSPITAL COURSE", "COURSE IN THE HOSPITAL", "BRIEF HOSPITAL COURSE", "SUMMARY OF HOSPITAL COURSE"]), " ".join(course))
        self.items(self.rng.choice(["DISCHARGE MEDICATIONS", "MEDICATIONS ON DISCHARGE", "DISCHARGE MEDICATIONS", "MEDICATIONS"]),
                   [cap(self.g("drug")) + "." for _ in range(self.n(2, 7))])
        lines = self.some("dc_instr", 2, 5) + [self.g("followup")]
        if self.maybe(0.5):
            self.section(self.rng.choice(["DISCHARGE INSTRUCTIONS", "DISPOSITION", "CONDITION ON DISCHARGE", "DISCHARGE PLAN", "FOLLOWUP"]), " ".join(lines))
        else:
            self.section("DISPOSITION", lines[0])
            self.section(self.rng.choice(["FOLLOWUP", "DISCHARGE INSTRUCTIONS", "FOLLOW-UP INSTRUCTIONS"]), " ".join(lines[1:]))
        self.close()

    def write_emergency_department_note(self):
        if self.maybe(0.85):
            self.section("cc", cap(self.ctx["cc_l"]) + ".")
        if self.maybe(0.3):
            self.section(self.rng.choice(["MODE OF ARRIVAL", "TIME SEEN", "ARRIVAL"]), self.rng.choice(["Ambulance.", "Private vehicle.", f"{self.rng.randint(0, 23):02d}{self.rng.randint(0, 59):02d} hours.", "Walk-in."]))
        self.section("hpi", self.hpi() + " " + " ".join(self.some("ed_line", 0, 2)))
        self.history(self.order(["pmh", "psh", "meds", "all", "soc", "ros", "fam"], 0.7))
        self.exam()
        if self.maybe(0.7):
            self.labs()
        self.section(self.rng.choice(["EMERGENCY DEPARTMENT COURSE", "ED COURSE", "EMERGENCY ROOM COURSE", "TREATMENT", "ED COURSE AND MEDICAL DECISION MAKING"]),
                     " ".join(self.some("ed_line", 2, self.n(3, 5)) + self.some(f"case.{self.case}.course", 0, 1)))
        self.items(self.rng.choice(["DIAGNOSIS", "IMPRESSION", "FINAL DIAGNOSIS", "CLINICAL IMPRESSION", "ED DIAGNOSIS"]), self.diagnoses(1, 2))
        self.section(self.rng.choice(["DISPOSITION", "PLAN", "DISPOSITION", "CONDITION AND DISPOSITION"]), self.g("ed_dispo"))
        self.close()

    def write_operative_report(self):
        op = self.pick_for_sex(OPS)
        name, pre = self.g(f"op.{op}.name"), self.g(f"op.{op}.pre")
        self.items(self.rng.choice(["PREOPERATIVE DIAGNOSIS", "PREOPERATIVE DIAGNOSES", "PRE-OPERATIVE DIAGNOSIS", "PREOP DIAGNOSIS"]), [pre])
        self.items(self.rng.choice(["POSTOPERATIVE DIAGNOSIS", "POSTOPERATIVE DIAGNOSES", "POST-OPERATIVE DIAGNOSIS"]), [self.rng.choice([pre, "Same.", pre])])
        names = [cap(name) + "."] + ([cap(G.pick(f"op.{self.pick_for_sex(OPS)}.name", self.rng, self.ctx)) + "."] if self.maybe(0.12) else [])
        self.items(self.rng.choice(["OPERATION PERFORMED", "PROCEDURE", "OPERATION", "PROCEDURES PERFORMED", "NAME OF OPERATION", "OPERATIVE PROCEDURE", "TITLE OF OPERATION"]), names)
        extras = [("SURGEON", f"{self.ctx['provider_full']}"), ("ASSISTANT", self.rng.choice([f"{self.g('surname')}, M.D.", "None.", f"Dr. {self.g('surname')}"])),
                  ("ANESTHESIA", self.g("anesthesia")), (self.rng.choice(["ESTIMATED BLOOD LOSS", "EBL", "BLOOD LOSS"]), self.g("ebl")),
                  ("COMPLICATIONS", self.g("complications")), (self.rng.choice(["SPECIMENS", "SPECIMEN"]), self.g("specimens")),
                  ("DRAINS", self.rng.choice(["None.", "One Jackson-Pratt.", "Foley catheter.", "Hemovac x1."])),
                  ("FLUIDS", f"{self.rng.randint(5, 30) * 100} mL crystalloid."), ("TOURNIQUET TIME", f"{self.rng.randint(20, 110)} minutes."),
                  ("ANESTHESIOLOGIST", f"Dr. {self.g('surname')}")]
        for head, text in extras:
            if self.maybe(0.85 if head == "ANESTHESIA" else 0.45):
                self.section(head, text)
        if self.maybe(0.65):
            self.section(self.rng.choice(["INDICATIONS", "INDICATIONS FOR PROCEDURE", "INDICATIONS FOR SURGERY", "HISTORY AND INDICATIONS", "INDICATION FOR OPERATION"]),
                         self.g("patient_is") + f" with {lower_first(pre)[:-1]}. " + self.g("patient_consent"))
        if self.maybe(0.55):
            self.section(self.rng.choice(["FINDINGS", "OPERATIVE FINDINGS", "FINDINGS AT SURGERY"]), cap(self.g(f"op.{op}.find")))
        steps = [self.g("prep_or")] + self.some("prep_anes", 1, 3) + [self.g("prep_drape")]
        steps += G.ordered(f"op.{op}.steps", self.rng, self.ctx, 0.1)
        steps += self.some("or_filler", 0, self.n(2, 5)) + self.some("close_or", 2, 5) + self.some("end_or", 2, 3)
        self.narrative(self.rng.choice(["DESCRIPTION OF PROCEDURE", "DESCRIPTION OF OPERATION", "PROCEDURE IN DETAIL", "OPERATIVE PROCEDURE", "DETAILS OF PROCEDURE", "TECHNIQUE", "OPERATIVE COURSE", "PROCEDURE"]), steps)
        self.close()

    def narrative(self, head, steps):
        """One or several paragraphs; dictation rarely numbers its steps."""
        if len(steps) < 8 or self.maybe(0.5):
            self.section(head, " ".join(steps))
            return
        cut = self.rng.randint(4, len(steps) - 3)
        self.section(head, " ".join(steps[:cut]))
        self.blocks.append(("para", " ".join(steps[cut:])))

    def write_procedure_note(self):
        pr = self.pick_for_sex(PROCEDURES)
        name, pre = cap(self.g(f"pr.{pr}.name")), self.g(f"pr.{pr}.pre")
        self.items(self.rng.choice(["PROCEDURE PERFORMED", "PROCEDURE", "NAME OF PROCEDURE", "PROCEDURES"]), [name + "."])
        if self.maybe(0.4):
            self.section(self.rng.choice(["PREPROCEDURE DIAGNOSIS", "PREOPERATIVE DIAGNOSIS", "PRE-PROCEDURE DIAGNOSIS"]), pre)
            self.section(self.rng.choice(["POSTPROCEDURE DIAGNOSIS", "POSTOPERATIVE DIAGNOSIS"]), self.rng.choice([pre, "Same."]))
        else:
            self.section(self.rng.choice(["INDICATION", "INDICATIONS", "INDICATION FOR PROCEDURE", "REASON FOR PROCEDURE"]), pre)
        for head, text, p in (("ENDOSCOPIST" if pr in ("colon", "egd") else "PHYSICIAN", self.ctx["provider_full"], 0.3),
                              (self.rng.choice(["ANESTHESIA", "SEDATION", "MEDICATIONS"]), self.rng.choice(["1% lidocaine.", "Versed and fentanyl IV.", "Conscious sedation.", "Local.", "MAC.", "Propofol per anesthesia."]), 0.7),
                              ("CONSENT", "Informed consent was obtained after risks, benefits, and alternatives were explained.", 0.35),
                              ("COMPLICATIONS", self.g("complications"), 0.5), ("INSTRUMENT", "Olympus video endoscope.", 0.2 if pr in ("colon", "egd") else 0),
                              ("ESTIMATED BLOOD LOSS", "Minimal.", 0.2)):
            if self.maybe(p):
                self.section(head, text)
        steps = [self.g("patient_consent")] * self.maybe(0.6) + G.ordered(f"pr.{pr}.steps", self.rng, self.ctx, 0.08) + self.some("proc_filler", 0, self.n(1, 3)) + self.some("end_proc", 1, 2)
        self.narrative(self.rng.choice(["DESCRIPTION OF PROCEDURE", "PROCEDURE IN DETAIL", "TECHNIQUE", "DETAILS", "PROCEDURE", "DESCRIPTION OF THE PROCEDURE"]), steps)
        self.items(self.rng.choice(["FINDINGS", "IMPRESSION", "RESULTS", "POSTPROCEDURE IMPRESSION"]), self.some(f"pr.{pr}.find", 1, 3))
        if self.maybe(0.6):
            self.items(self.rng.choice(["RECOMMENDATIONS", "PLAN", "DISPOSITION"]), self.some("proc_plan", 1, 3))
        self.close()

    def write_diagnostic_imaging_report(self):
        im = self.pick_for_sex(STUDIES)
        name = cap(self.g(f"im.{im}.name"))
        show = self.maybe(0.7)
        if show:
            self.section(self.rng.choice(["EXAM", "EXAMINATION", "STUDY", "PROCEDURE", "EXAM TYPE", "TYPE OF STUDY"]), name + ".")
        elif self.maybe(0.5):
            self.blocks.append(("head", name.upper()))
        if self.maybe(0.7):
            self.section(self.rng.choice(["INDICATION", "CLINICAL HISTORY", "REASON FOR EXAM", "HISTORY", "CLINICAL INDICATION", "INDICATIONS"]), self.g(f"im.{im}.ind") + ".")
        if self.maybe(0.4):
            self.section(self.rng.choice(["COMPARISON", "COMPARISON STUDY", "COMPARISONS"]), self.g("img_compare"))
        if self.maybe(0.65):
            self.section(self.rng.choice(["TECHNIQUE", "PROCEDURE", "PROTOCOL"]), " ".join(self.some(f"im.{im}.tech", 1, 2)))
        finds = self.some(f"im.{im}.find", 2, 6)
        if self.length > 1.5 and self.maybe(0.5):
            other = self.pick_for_sex(STUDIES)
            finds += self.some(f"im.{other}.find", 1, 3)
        head = self.rng.choice(["FINDINGS", "FINDINGS", "REPORT", "DESCRIPTION", "INTERPRETATION", "RESULTS"])
        if self.maybe(0.25):
            self.items(head, finds, True)
        else:
            self.section(head, " ".join(cap(f) for f in finds))
        self.items(self.rng.choice(["IMPRESSION", "IMPRESSION", "CONCLUSION", "OPINION", "SUMMARY", "CONCLUSIONS"]), [cap(x) for x in self.some(f"im.{im}.imp", 1, 3)])
        self.close()

    def write_psychiatric_psychological_evaluation(self):
        self.section(self.rng.choice(["IDENTIFYING DATA", "IDENTIFICATION", "IDENTIFYING INFORMATION", "REASON FOR REFERRAL", "REFERRAL QUESTION"]), " ".join(self.some("psy_id", 1, 2)))
        if self.maybe(0.5):
            self.section("cc", self.rng.choice(['"I am depressed."', '"I do not know why I am here."', '"I want to get my life back."', "Depression.", '"I need help."', "Anxiety and panic attacks."]))
        self.section(self.rng.choice(["HISTORY OF PRESENT ILLNESS", "PRESENT ILLNESS", "PRESENTING PROBLEM", "CURRENT COMPLAINTS"]), " ".join(self.some("psy_hpi", 3, 3 + self.n(1, 4))))
        for heads, symbol, p in ((["PAST PSYCHIATRIC HISTORY", "PSYCHIATRIC HISTORY", "PRIOR TREATMENT"], "psy_past", 0.85),
                                 (["SUBSTANCE ABUSE HISTORY", "DRUG AND ALCOHOL HISTORY", "CHEMICAL DEPENDENCY"], "psy_sub", 0.7)):
            if self.maybe(p):
                self.section(self.rng.choice(heads), " ".join(self.some(symbol, 1, 3)))
        self.history(self.order(["pmh", "meds", "all", "fam"], 0.6))
        self.section(self.rng.choice(["SOCIAL HISTORY", "DEVELOPMENTAL HISTORY", "PERSONAL HISTORY", "PSYCHOSOCIAL HISTORY", "FAMILY AND SOCIAL HISTORY"]), " ".join(self.some("psy_dev", 2, 4) + self.some("social_line", 0, 2)))
        if self.maybe(0.9):
            self.section(self.rng.choice(["MENTAL STATUS EXAMINATION", "MENTAL STATUS", "MENTAL STATUS EXAM", "BEHAVIORAL OBSERVATIONS"]), " ".join(self.some("psy_mse", 4, 8)))
        if self.maybe(0.35):
            self.section(self.rng.choice(["TEST RESULTS", "PSYCHOLOGICAL TESTING", "TESTS ADMINISTERED AND RESULTS"]), " ".join(self.some("psy_test", 2, 6)))
        axes = [self.g_line("psy_dx", i) for i in range(5)]
        self.blocks.append(("head", self.heading(self.rng.choice(["DIAGNOSTIC IMPRESSION", "DIAGNOSES", "DSM-IV DIAGNOSES", "ASSESSMENT", "IMPRESSION"]))))
        self.blocks.extend(("para", a) for a in axes if self.maybe(0.92))
        self.items(self.rng.choice(["PLAN", "RECOMMENDATIONS", "TREATMENT PLAN", "SUMMARY AND RECOMMENDATIONS"]), self.some("psy_plan", 2, 5))
        self.close()

    def g_line(self, symbol, i):
        return G.expand(G.symbols[symbol][i], self.rng, self.ctx)

    def write_letter(self):
        if self.maybe(0.9):
            self.line(people.print_date(self.date, self.rng.choice(["month", "month", "us4"])))
            self.blocks.append(("space",))
        doctor = self.g("surname")
        to = self.rng.choice(["doctor", "doctor", "doctor", "concern"])
        if to == "doctor" and self.maybe(0.8):
            city, state, z = self.rng.choice(people.CITIES)
            self.line(f"{self.rng.choice(people.GIVEN_M + people.GIVEN_F)} {doctor}, M.D.")
            self.line(f"{self.rng.randint(10, 9900)} {self.rng.choice(people.STREETS)} {self.rng.choice(people.STREET_KINDS)}")
            self.line(f"{city}, {state} {z}{self.rng.randint(0, 99):02d}")
            self.blocks.append(("space",))
        if self.maybe(0.75):
            self.line(f"{self.rng.choice(['RE:', 'Re:', 'RE', 'Regarding:'])} {self.person.first_name} {self.person.last_name}")
            self.blocks.append(("space",))
        self.line(f"Dear Dr. {doctor}{self.rng.choice([':', ','])}" if to == "doctor" else self.rng.choice(["To Whom It May Concern:", "Dear Sir or Madam:", f"Dear {self.ctx['title_name']}:"]))
        self.blocks.append(("space",))
        self.blocks.append(("para", self.g("letter_open") + " " + " ".join(self.some(f"case.{self.case}.hpi", 1, 3))))
        for _ in range(self.n(1, 3)):
            self.blocks.append(("space",))
            lines = self.some("letter_mid", 1, 3)
            if self.maybe(0.4):
                lines += [f"{self.rng.choice(['Physical examination revealed', 'Examination shows'])} " + lower_first(self.some(f"case.{self.case}.exam", 1, 1)[0].split(":", 1)[1].strip())]
            if self.maybe(0.3):
                lines += self.some(f"case.{self.case}.plan", 1, 2)
            self.blocks.append(("para", " ".join(x if x.endswith(".") else x + "." for x in lines)))
        if self.maybe(0.15):
            self.exam()
        self.blocks += [("space",), ("para", " ".join(self.some("letter_close", 1, 2))), ("space",)]
        self.line(self.g("letter_sign"))
        self.blocks += [("sign", "", self.provider)]
        self.line(self.ctx["provider_full"])
        if self.maybe(0.4):
            self.line(f"{self.ctx['initials'].upper()}/{self.rng.choice('abcdefgjkm')}{self.rng.choice('abcdegk')}")
        if self.maybe(0.3):
            self.line(f"cc: Dr. {self.g('surname')}")

    def write_physician_orders(self):
        orders = self.some("order_line", 6, 8 + self.n(4, 12))
        if self.maybe(0.4):
            hours = [f"{self.rng.randint(0, 23):02d}{self.rng.randint(0, 59):02d}" for _ in orders]
            self.blocks.append(("table", ["Date/Time", "Order", "Noted"], [[f"{self.day(0)} {h}" if i == 0 or self.maybe(0.2) else "", o, HAND + self.hand_initials() if self.maybe(0.5) else ""] for i, (h, o) in enumerate(zip(hours, orders))], True))
        else:
            self.blocks.append(("list", orders, self.maybe(0.7)))
        self.blocks += [("space",), ("sign", self.rng.choice(["Physician Signature", "MD Signature", "Physician's Signature / Date / Time"]), self.provider)]
        if self.maybe(0.5):
            self.blocks.append(("sign", self.rng.choice(["Noted by RN", "Nurse Signature", "Orders noted by", "Unit Clerk"]), self.g("surname")))
        if self.maybe(0.4):
            self.line(self.rng.choice(["Verbal order read back [ ] yes  [ ] no", "Telephone order: ______________", "USE BALL POINT PEN - PRESS FIRMLY", "Generic equivalent may be dispensed unless checked [ ]", "T.O. / V.O. Dr. " + self.g("surname")]))

    def hand_initials(self):
        return "".join(self.rng.choice("ABCDEGHJKLMNPRSTW") for _ in range(2))

    def write_laboratory_report(self):
        rng = self.rng
        kind = rng.choice(["table", "table", "table", "table", "urine", "micro"])
        if self.maybe(0.6):
            self.line(rng.choice(["Specimen: Blood", "Specimen: Serum", "Specimen Type: Whole Blood", "SPECIMEN: BLOOD, VENOUS"]) + f"   Accession: {rng.choice('HCSM')}{rng.randint(10000, 99999)}")
        if self.maybe(0.5):
            self.line(f"Collected: {self.day(0)} {rng.randint(4, 22):02d}:{rng.randint(0, 59):02d}   Received: {self.day(0)} {rng.randint(4, 22):02d}:{rng.randint(0, 59):02d}")
        if self.maybe(0.4):
            self.line(f"Ordering Physician: Dr. {self.g('surname')}   Status: {rng.choice(['FINAL', 'Final', 'Complete'])}")
        header = rng.choice([["Test", "Result", "Flag", "Reference", "Units"], ["TEST NAME", "RESULT", "UNITS", "REFERENCE RANGE"], ["Procedure", "Result", "Abn", "Units", "Ref Range"],
                             ["Component", "Value", "Range", "Units", "Status"], ["Test", "In Range", "Out of Range", "Reference Range"]])
        rows = []
        if kind == "micro":
            self.line(f"CULTURE, {rng.choice(['URINE', 'BLOOD', 'WOUND', 'SPUTUM', 'THROAT'])}")
            self.line("GRAM STAIN: " + rng.choice(["No organisms seen", "Many gram positive cocci in clusters", "Gram negative rods"]))
            self.line("RESULT: " + rng.choice(["No growth after 5 days", "> 100,000 CFU/mL Escherichia coli", "Staphylococcus aureus (MRSA)", "Normal flora", "Klebsiella pneumoniae", "Group A Streptococcus not isolated"]))
            rows = [[a, rng.choice(["S", "R", "S", "I"]), f"{rng.choice(['<=', '>='])}{rng.choice(['0.5', '1', '2', '4', '8', '16', '32'])}"] for a in rng.sample(
                ["Ampicillin", "Cefazolin", "Ceftriaxone", "Ciprofloxacin", "Gentamicin", "Levofloxacin", "Nitrofurantoin", "Trimeth/Sulfa", "Vancomycin", "Clindamycin", "Oxacillin", "Tetracycline"], rng.randint(6, 11))]
            self.blocks.append(("table", ["Antibiotic", "Interp", "MIC"], rows, False))
        elif kind == "urine":
            self.line("URINALYSIS, COMPLETE")
            for name, values, ref in URINE:
                if self.maybe(0.9):
                    value = rng.choice(values)
                    rows.append(self.lab_row(header, name, value, "" if value == values[0] else "A", ref, ""))
            self.blocks.append(("table", header, rows, self.maybe(0.3)))
        else:
            for name, low, high, units, digits in rng.sample(TESTS, min(len(TESTS), self.n(8, 26))):
                span = high - low
                value = rng.uniform(low, high) if self.maybe(0.65) else rng.choice([max(0, low - span * rng.random()), high + span * rng.random() * 1.5])
                text = f"{value:.{digits}f}"
                flag = "L" if float(text) < low else "H" if float(text) > high else ""
                ref = f"<{high}" if low == 0 else f"{low}-{high}"
                rows.append(self.lab_row(header, name, text, flag, ref, units))
            panels = ["COMPREHENSIVE METABOLIC PANEL", "CBC WITH DIFFERENTIAL", "CHEMISTRY", "HEMATOLOGY", "LIPID PANEL", "COAGULATION", "THYROID"]
            if self.maybe(0.4) and len(rows) > 10:
                cut = rng.randint(4, len(rows) - 4)
                self.line(rng.choice(panels))
                self.blocks.append(("table", header, rows[:cut], False))
                self.line(rng.choice(panels))
                self.blocks.append(("table", header, rows[cut:], False))
            else:
                if self.maybe(0.3):
                    self.line(rng.choice(panels))
                self.blocks.append(("table", header, rows, self.maybe(0.3)))
        for text in rng.sample(["H = High  L = Low  * = Abnormal  C = Critical", "Performed at: Main Laboratory", "CLIA # 36D" + str(rng.randint(100000, 999999)), "END OF REPORT",
                                "Fasting: Yes", "Laboratory Director: " + self.g("surname") + ", M.D.", "Specimen slightly hemolyzed.", "*** FINAL REPORT ***",
                                "Called to and read back by " + self.g("surname") + " RN"], rng.randint(0, 3)):
            self.line(text)

    @staticmethod
    def lab_row(header, name, value, flag, ref, units):
        out = []
        for h in header:
            h = h.lower()
            if h in ("test", "test name", "procedure", "component"):
                out.append(name)
            elif h in ("result", "value"):
                out.append(value)
            elif h == "in range":
                out.append("" if flag else value)
            elif h == "out of range":
                out.append(f"{value} {flag}" if flag else "")
            elif h in ("flag", "abn"):
                out.append(flag)
            elif h == "status":
                out.append("F")
            elif h == "units":
                out.append(units)
            else:
                out.append(f"{ref} {units}".strip() if "Units" not in header and "UNITS" not in header else ref)
        return out

    def write_face_sheet(self):
        rng, p = self.rng, self.person
        kin = f"{rng.choice(people.GIVEN_F + people.GIVEN_M)} {p.last_name}"
        fields = [("Address", p.address), ("City/State/Zip", f"{p.city}, {p.state} {p.zip}"), (rng.choice(["Phone", "Home Phone", "Telephone"]), p.phone), (rng.choice(["Sex", "Gender"]), p.sex),
                  ("Age", str(self.ctx["age"])), ("Race", rng.choice(["W", "B", "H", "A", "White", "Black"])), ("Marital Status", rng.choice(["S", "M", "D", "W", "Married", "Single", "Widowed"])),
                  ("Religion", rng.choice(["N/A", "Catholic", "Baptist", "None", "Methodist", "Jewish", "Lutheran"])), ("SSN", f"XXX-XX-{rng.randint(1000, 9999)}"),
                  (rng.choice(["Employer", "Occupation/Employer"]), rng.choice(EMPLOYERS)), (rng.choice(["Insurance", "Primary Insurance", "Payor", "Financial Class"]), rng.choice(INSURERS)),
                  (rng.choice(["Policy No", "Policy #", "Subscriber ID", "Member ID"]), f"{rng.randint(10**8, 10**9 - 1)}{rng.choice(['', 'A', 'B', '-01'])}"), ("Group No", f"{rng.randint(1000, 99999)}"),
                  ("Secondary Insurance", rng.choice(["None", "Medicaid", "AARP Supplement"])), (rng.choice(["Guarantor", "Responsible Party"]), rng.choice([f"{p.first_name} {p.last_name}", kin, "Self"])),
                  (rng.choice(["Next of Kin", "Emergency Contact", "Notify in Emergency"]), kin), ("Relationship", rng.choice(["Spouse", "Daughter", "Son", "Mother", "Sister", "Friend"])),
                  ("Kin Phone", f"{rng.randint(201, 989)}-555-{rng.randint(0, 9999):04d}"), (rng.choice(["Admitting Diagnosis", "Admit Dx", "Reason for Visit"]), cap(self.ctx["cc_l"])),
                  ("Admit Type", rng.choice(["Emergency", "Elective", "Urgent", "Newborn"])), ("Admit Source", rng.choice(["ER", "Physician referral", "Transfer"])), ("Patient Type", rng.choice(["Inpatient", "Outpatient", "Observation"])),
                  ("Room/Bed", f"{rng.randint(100, 599)}-{rng.choice('AB12')}"), ("Admit Time", f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"), ("Language", rng.choice(["English", "Spanish", "English"])),
                  ("Advance Directive", rng.choice(["Y", "N"])), ("Discharge Date", ""), ("Discharge Disposition", ""), ("Principal Diagnosis", "")]
        keep = [f for f in fields if self.maybe(0.75)]
        if self.maybe(0.5):
            rng.shuffle(keep)
        self.blocks.append(("form", keep))
        if self.maybe(0.4):
            self.line(rng.choice(["I authorize release of information to my insurance carrier.", "Registered by: " + self.g("surname"), "MEDICARE SECONDARY PAYER QUESTIONNAIRE COMPLETED", "Valuables: None"]))

    def write_consent_form(self):
        lines = self.some("consent_line", 4, 9)
        if not any("authorize" in x for x in lines[:2]):
            lines.insert(0, G.expand(G.symbols["consent_line"][0], self.rng, self.ctx))
        if self.maybe(0.5):
            self.blocks.append(("list", lines, True))
        else:
            self.blocks.append(("para", " ".join(lines)))
        self.blocks.append(("space",))
        p = self.person
        for label, who in ((self.rng.choice(["Patient signature", "Signature of Patient", "Patient or Legal Guardian"]), f"{p.first_name} {p.last_name}"),
                           (self.rng.choice(["Witness", "Signature of Witness", "Witness to signature"]), self.g("surname")), (self.rng.choice(["Date / Time", "Date", "Date and Time"]), ""),
                           (self.rng.choice(["Physician signature", "Physician obtaining consent", "Relationship if other than patient"]), self.provider)):
            if self.maybe(0.85):
                self.blocks.append(("sign", label, who if self.maybe(0.8) else ""))

    def write_medication_administration_record(self):
        rng = self.rng
        hours = rng.choice([["0600", "0900", "1200", "1500", "1800", "2100"], ["0800", "1200", "1600", "2000"], ["2300-0700", "0700-1500", "1500-2300"], ["06", "09", "12", "14", "18", "21", "24"]])
        rows = [[short_order(self.g("drug"))] + [HAND + self.hand_initials() if self.maybe(0.35) else "" for _ in hours] for _ in range(rng.randint(6, 14))]
        self.blocks.append(("table", [rng.choice(["Medication / Dose / Route / Frequency", "Medication", "Drug, Dose, Route, Schedule", "Order"])] + hours, rows, True))
        if self.maybe(0.6):
            self.line(rng.choice(["Initials/Signature:  ____ ______________   ____ ______________", "Allergies: " + self.g("allergy_line"), "R = Refused  H = Held  N = NPO  * = See nurses notes", "Injection site codes: RD LD RG LG RT LT ABD",
                                  "PRN MEDICATIONS: record time, reason and response", "SITE: 1 R deltoid 2 L deltoid 3 R gluteal 4 L gluteal"]))

    def write_pathology_report(self):
        rng = self.rng
        if self.maybe(0.6):
            self.line(f"{rng.choice(['Accession No.', 'Case No.', 'Surgical No.', 'Path #'])}: S{rng.randint(90, 99)}-{rng.randint(100, 19999)}")
        specs = self.some("path_spec", 1, 3)
        self.items(rng.choice(["SPECIMEN", "SPECIMENS SUBMITTED", "TISSUE SUBMITTED", "SPECIMEN(S)", "SOURCE OF SPECIMEN"]), [f"{s}." for s in specs])
        if self.maybe(0.6):
            self.section(rng.choice(["CLINICAL HISTORY", "PREOPERATIVE DIAGNOSIS", "CLINICAL DATA", "CLINICAL DIAGNOSIS"]), cap(self.ctx["dx_l"]) + ".")
        diag = (rng.choice(["FINAL DIAGNOSIS", "DIAGNOSIS", "PATHOLOGIC DIAGNOSIS", "FINAL PATHOLOGIC DIAGNOSIS", "MICROSCOPIC DIAGNOSIS"]), [f"{s.upper()}:  {self.g('path_dx')}" for s in specs])
        parts = [(rng.choice(["GROSS DESCRIPTION", "GROSS EXAMINATION", "GROSS"]), self.some("path_gross", 1, self.n(1, 3)))]
        if self.maybe(0.7):
            parts.append((rng.choice(["MICROSCOPIC DESCRIPTION", "MICROSCOPIC EXAMINATION", "MICROSCOPIC"]), self.some("path_micro", 1, self.n(2, 4))))
        first = self.maybe(0.5)
        if first:
            self.items(*diag)
        for head, lines in parts:
            self.section(head, " ".join(lines))
        if not first:
            self.items(*diag)
        if self.maybe(0.3):
            self.section("COMMENT", rng.choice(["Correlation with clinical findings is recommended.", "Intradepartmental consultation was obtained.", "Special stains were performed with appropriate controls.", "Dr. " + self.g("surname") + " was notified by telephone."]))
        self.line(f"{rng.choice(['Pathologist', 'Electronically signed out by', 'Signed'])}: {self.ctx['provider_full']}")
        if self.maybe(0.4):
            self.line(rng.choice(["ICD-9: " + str(rng.randint(140, 239)) + "." + str(rng.randint(0, 9)) + "   CPT: 88305", "CPT Code(s): 88305, 88342", "SNOMED: T-04000 M-85003"]))

    def write_nursing_note(self):
        rng = self.rng
        times = sorted(rng.randint(0, 1439) for _ in range(self.n(4, 12)))
        stamped = [(f"{t // 60:02d}{rng.choice(['', ':'])}{t % 60:02d}", " ".join(self.some("nurse_line", 1, 3))) for t in times]
        if self.maybe(0.5):
            self.blocks.append(("table", rng.choice([["Time", "Nursing Notes", "Initials"], ["Date/Time", "Focus / Data / Action / Response", "Sign"]]), [[t, s, HAND + self.hand_initials()] for t, s in stamped], True))
        else:
            for t, s in stamped:
                self.blocks.append(("para", f"{t}  {s} {rng.choice(['----', '', '/', ''])}{self.g('surname')}, {rng.choice(['RN', 'LPN', 'R.N.', 'RN'])}"))
        if self.maybe(0.4):
            self.blocks.append(("sign", rng.choice(["RN Signature", "Nurse", "Signature/Title"]), self.g("surname")))

    def write_vital_signs_flow_sheet(self):
        rng = self.rng
        columns = [("Date", lambda: self.day(0)), ("Time", lambda: f"{rng.randint(0, 23):02d}{rng.choice(['00', '15', '30', '45'])}"), ("Temp", lambda: f"{rng.uniform(96.8, 102.4):.1f}"), ("Pulse", lambda: str(rng.randint(52, 128))),
                   ("Resp", lambda: str(rng.randint(12, 28))), ("BP", lambda: f"{rng.randint(88, 188)}/{rng.randint(46, 104)}"), ("SpO2", lambda: f"{rng.randint(88, 100)}%"), ("O2", lambda: rng.choice(["RA", "2L", "3L NC"])),
                   ("Pain", lambda: f"{rng.randint(0, 10)}"), ("Intake", lambda: str(rng.randint(0, 12) * 60)), ("Output", lambda: str(rng.randint(0, 14) * 50)), ("Wt", lambda: str(rng.randint(98, 290))), ("Init", lambda: HAND + self.hand_initials()),
                   ("BM", lambda: str(rng.randint(0, 2))), ("Accucheck", lambda: str(rng.randint(70, 340)))]
        keep = [c for c in columns if c[0] in ("Time", "Temp", "Pulse", "Resp", "BP") or self.maybe(0.5)][: rng.randint(6, 11)]
        names = {"Temp": rng.choice(["Temp", "T", "Temperature"]), "Pulse": rng.choice(["Pulse", "P", "HR"]), "Resp": rng.choice(["Resp", "R", "RR"]), "BP": rng.choice(["BP", "B/P", "Blood Pressure"])}
        hand = self.maybe(0.3)
        rows = [[(HAND if hand and self.maybe(0.9) and c[0] != "Time" else "") + c[1]().lstrip(HAND if hand else "") for c in keep] for _ in range(rng.randint(10, 26))]
        self.blocks.append(("table", [names.get(c[0], c[0]) for c in keep], rows, True))
        if self.maybe(0.5):
            self.line(rng.choice(["8 hr total   Intake ______  Output ______", "24 HOUR TOTAL", "Route: O = oral  A = axillary  R = rectal  T = tympanic", "Height ______  Weight ______"]))

    def write_advance_directive(self):
        lines = self.some("directive_line", 5, 11)
        p = self.person
        if self.maybe(0.5):
            self.blocks.append(("para", f"I, {p.first_name} {p.last_name}, residing at {p.address}, {p.city}, {p.state}, make this {self.rng.choice(['declaration', 'advance directive', 'power of attorney for health care'])}."))
        if self.maybe(0.4):
            self.blocks.append(("list", lines, True))
        else:
            self.blocks.extend(("para", x) for x in lines)
        self.blocks.append(("space",))
        for label, who in ((self.rng.choice(["Signature of Declarant", "Signature", "Principal"]), f"{p.first_name} {p.last_name}"), ("Witness", self.g("relative_name")), (self.rng.choice(["Witness", "Notary Public"]), self.g("relative_name")), ("Date", "")):
            if self.maybe(0.85):
                self.blocks.append(("sign", label, who))

    def write_insurance_card(self):
        rng, p = self.rng, self.person
        insurer = rng.choice(INSURERS[2:5] + INSURERS[7:11] + ["MEDICARE HEALTH INSURANCE"])
        lines = [insurer, rng.choice(["PPO", "HMO", "Preferred Provider Plan", "Point of Service"]), f"{rng.choice(['Member', 'Subscriber', 'Name', 'Beneficiary'])}: {p.first_name} {p.last_name}",
                 f"{rng.choice(['Member ID', 'ID No.', 'Identification Number', 'Claim Number'])}: {rng.choice(['XYB', 'W', 'R', ''])}{rng.randint(10**8, 10**9 - 1)}", f"Group: {rng.randint(10000, 999999)}",
                 f"RxBIN {rng.randint(10000, 99999):06d}   RxPCN {rng.choice(['ADV', 'MCAIDADV', 'A4'])}", f"{rng.choice(['Effective', 'Effective Date', 'Eff'])} {self.day(-rng.randint(100, 900))}",
                 f"Office Visit ${rng.choice([10, 15, 20, 25])}  Emergency ${rng.choice([50, 75, 100])}  Specialist ${rng.choice([20, 30, 40])}", f"PCP: Dr. {self.g('surname')}", "Plan Code 332", f"Customer Service 1-800-555-{rng.randint(1000, 9999)}",
                 "Precertification required for all inpatient admissions.", "This card is for identification only and does not guarantee eligibility.", f"Submit claims to: P.O. Box {rng.randint(100, 99999)}",
                 "HOSPITAL (PART A)   MEDICAL (PART B)", "Deductible $500 individual / $1000 family", "Copay applies"]
        self.blocks.append(("card", lines[:2] + [x for x in lines[2:] if self.maybe(0.65)]))

    def write_claim_form(self):
        rng, p = self.rng, self.person
        fields = [("1. Type", rng.choice(["MEDICARE", "MEDICAID", "GROUP HEALTH PLAN", "OTHER"])), ("1a. Insured's I.D. Number", str(rng.randint(10**8, 10**9 - 1)) + "A"), ("2. Patient's Name", f"{p.last_name.upper()}, {p.first_name.upper()}"),
                  ("4. Insured's Name", rng.choice(["SAME", f"{p.last_name.upper()}, {rng.choice(people.GIVEN_M).upper()}"])), ("5. Patient's Address", p.address.upper()), ("6. Patient Relationship to Insured", rng.choice(["SELF", "SPOUSE", "CHILD"])),
                  ("11. Insured's Policy Group", str(rng.randint(1000, 99999))), ("12. Patient's Signature", "SIGNATURE ON FILE"), ("14. Date of Current Illness", self.day(-5)), ("17. Referring Provider", f"{self.g('surname').upper()} MD"),
                  ("21. Diagnosis", f"1. {rng.randint(250, 799)}.{rng.randint(0, 99):02d}  2. {rng.randint(250, 799)}.{rng.randint(0, 9)}"), ("25. Federal Tax I.D.", f"{rng.randint(10, 99)}-{rng.randint(1000000, 9999999)}"), ("28. Total Charge", f"${rng.randint(60, 4000)}.00"),
                  ("29. Amount Paid", f"${rng.choice([0, 10, 20, 25])}.00"), ("33. Billing Provider", self.facility.upper())]
        if self.maybe(0.6):
            self.blocks.append(("form", [f for f in fields if self.maybe(0.85)]))
        codes = [("99213", "OFFICE VISIT, EST PATIENT"), ("99214", "OFFICE VISIT DETAILED"), ("71020", "CHEST X-RAY 2 VIEWS"), ("85025", "CBC WITH DIFF"), ("80053", "COMP METABOLIC PANEL"), ("36415", "VENIPUNCTURE"), ("93000", "EKG COMPLETE"),
                 ("99283", "ER VISIT LEVEL 3"), ("81001", "URINALYSIS"), ("90471", "IMMUNIZATION ADMIN"), ("20610", "ARTHROCENTESIS"), ("45380", "COLONOSCOPY W BIOPSY"), ("0250", "PHARMACY"), ("0300", "LABORATORY"), ("0120", "ROOM-BOARD/SEMI"), ("0270", "MED-SURG SUPPLIES")]
        rows = [[self.day(-rng.randint(0, 3)), c, d, str(rng.randint(1, 3)), f"{rng.randint(12, 1900)}.{rng.choice(['00', '50', '25'])}"] for c, d in rng.sample(codes, rng.randint(3, 10))]
        self.blocks.append(("table", rng.choice([["Date", "Code", "Description", "Units", "Charges"], ["24A. DATE", "CPT/HCPCS", "DESCRIPTION", "UNITS", "$ CHARGES"], ["Service Date", "Rev Code", "Description", "Qty", "Amount"]]), rows, self.maybe(0.7)))
        for text in rng.sample(["TOTAL CHARGES", "BALANCE DUE", "PLEASE PAY THIS AMOUNT", "INSURANCE PENDING", "Payment due upon receipt", "I AUTHORIZE PAYMENT OF MEDICAL BENEFITS TO UNDERSIGNED PHYSICIAN", "Remit to: P.O. Box " + str(rng.randint(100, 9999)), "ACCEPT ASSIGNMENT  YES"], rng.randint(1, 4)):
            self.line(text + (f"  ${rng.randint(20, 5000)}.00" if "TOTAL" in text or "BALANCE" in text else ""))

    def write_ecg_tracing(self):
        rng = self.rng
        values = [("Vent. rate", f"{rng.randint(48, 132)} BPM"), ("PR interval", f"{rng.randint(118, 230)} ms"), ("QRS duration", f"{rng.randint(72, 152)} ms"), ("QT/QTc", f"{rng.randint(330, 460)}/{rng.randint(380, 490)} ms"),
                  ("P-R-T axes", f"{rng.randint(10, 80)} {rng.randint(-60, 100)} {rng.randint(-20, 120)}")]
        for name, value in values:
            if self.maybe(0.9):
                self.line(f"{name}  {value}")
        for i in range(6):
            if self.maybe((0.95, 0.3, 0.3, 0.5, 0.3, 0.8)[i] if i < 6 else 0.5):
                self.line(self.g_line("ecg_line", i))
        if self.maybe(0.5):
            self.line(rng.choice(["Referred by:", "Confirmed By:", "Overread by:"]) + f" {self.provider}")
        self.blocks.append(("ecg",))
        self.line(rng.choice(["25mm/s  10mm/mV  40Hz", "25 mm/s 10 mm/mV 150Hz  005C 12SL 235", "Speed: 25 mm/sec   Limb: 10 mm/mV   Chest: 10 mm/mV"]))

    def write_referral(self):
        rng, p = self.rng, self.person
        fields = [("Referred To", f"Dr. {self.g('surname')}"), ("Specialty", rng.choice(["Cardiology", "Orthopedics", "Physical Therapy", "Dermatology", "GI", "ENT", "Neurology", "Urology", "Ophthalmology"])), ("Referred By", self.provider), ("Insurance", rng.choice(INSURERS)),
                  ("Authorization #", str(rng.randint(100000, 9999999))), ("Diagnosis", cap(self.ctx["dx_l"])), ("ICD-9", f"{rng.randint(200, 799)}.{rng.randint(0, 99):02d}"), ("Phone", p.phone), ("Appointment", self.day(rng.randint(3, 30))), ("Priority", rng.choice(["Routine", "Urgent", "STAT"])), ("Fax", f"{rng.randint(201, 989)}-555-{rng.randint(0, 9999):04d}")]
        self.blocks.append(("form", [f for f in fields if self.maybe(0.8)]))
        self.blocks.append(("space",))
        self.blocks.extend(("para", x) for x in self.some("referral_line", 3, 7))
        if self.maybe(0.4):
            self.section("meds", cap(join_and([self.g("drug") for _ in range(3)])) + ".")
        self.blocks.append(("sign", rng.choice(["Referring Physician Signature", "Physician Signature", "Authorized by"]), self.provider))

    def write_telephone_note(self):
        rng = self.rng
        if self.maybe(0.5):
            fields = [("Time", f"{rng.randint(1, 12)}:{rng.randint(0, 59):02d} {rng.choice(['AM', 'PM'])}"), ("Caller", rng.choice(["Patient", "Daughter", "Wife", "Husband", "Pharmacy", "Mother", "Home health"])), ("Phone", self.person.phone), ("Taken by", self.g("surname")),
                      ("Pharmacy", rng.choice(["Walgreens", "CVS", "Rite Aid", "Main St Drug"])), ("Regarding", rng.choice(["Refill", "Test results", "Symptoms", "Appointment", "Billing"])), ("Message for", f"Dr. {self.g('surname')}")]
            self.blocks.append(("form", [f for f in fields if self.maybe(0.8)]))
            self.blocks.append(("space",))
        lines = self.some("phone_line", 2, 5)
        if self.maybe(0.5):
            self.section(rng.choice(["MESSAGE", "REASON FOR CALL", "CALL", "Message"]), lines[0])
            self.section(rng.choice(["ACTION TAKEN", "RESPONSE", "ADVICE GIVEN", "DISPOSITION", "Action"]), " ".join(lines[1:]))
        else:
            self.blocks.extend(("para", x) for x in lines)
        self.line(f"{self.g('surname')}, {rng.choice(['RN', 'LPN', 'CMA', 'MA', 'M.D.'])}")

    def write_immunization_record(self):
        rng = self.rng
        rows = []
        for i, v in enumerate(sorted(rng.sample(VACCINES, rng.randint(6, 16)))):
            rows.append([v, self.day(-rng.randint(30, 5000)), f"{rng.choice('UHM')}{rng.randint(100, 999)}{rng.choice('ABC')}{rng.choice('ABC')}", rng.choice(["L arm", "R arm", "L thigh", "R deltoid", "PO"]), rng.choice([HAND + self.hand_initials(), self.g("surname") + " RN"])])
        header = rng.choice([["Vaccine", "Date Given", "Lot #", "Site", "Given By"], ["Immunization", "Date", "Lot No.", "Site", "Initials"]])
        cut = rng.choice([5, 5, 2, 3])
        self.blocks.append(("table", header[:cut], [r[:cut] for r in rows], self.maybe(0.8)))
        for text in rng.sample(["VIS given and reviewed with parent.", "Next due: " + self.day(rng.randint(30, 400)), "No adverse reactions.", "Exempt: medical [ ] religious [ ]", "I certify that the above immunizations are accurate.", "Manufacturer: Merck / GSK / Sanofi Pasteur", "TB test result: 0 mm, negative"], rng.randint(1, 3)):
            self.line(text)


def title_case(text):
    return " ".join(w if w in ACRONYMS else w.capitalize() for w in text.split(" "))


ACRONYMS = {"HPI", "CC", "PMH", "PSH", "ROS", "FH", "HEENT", "ED", "GU", "EBL", "X-RAY", "DSM-IV", "S:", "O:", "A:", "P:"}


def tidy(part):
    """Dropped optional parts leave doubled stops and stray blanks; list and table cells are tidied one by one."""
    if isinstance(part, list):
        return [tidy(x) for x in part]
    if not isinstance(part, str) or part.startswith("_"):
        return tuple(tidy(x) for x in part) if isinstance(part, tuple) else part
    return re.sub(r"\.\.+", ".", re.sub(r" +([,.;])(?=\s|$)", r"\1", part)).strip(" ")


def cap(text):
    return text[:1].upper() + text[1:]


def lower_first(text):
    """In running text a phrase starts small, unless its first word is an acronym or a name."""
    first = text.split()[0] if text else ""
    return text if len(first) > 1 and first[1:2].isupper() or first in NAMED else text[:1].lower() + text[1:]


NAMED = {"Graves", "Alzheimer", "Parkinson", "Non-Hodgkin"}


def upper_label(text):
    head, sep, rest = text.partition(":")
    return head.upper() + sep + rest if sep and len(head) < 30 else cap(text)


def join_and(items):
    items = [i for i in items if i]
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + (", and " if len(items) > 2 else " and ") + items[-1]


def short_order(drug):
    return cap(drug).replace("p.o.", "PO").replace("b.i.d.", "BID").replace("t.i.d.", "TID").replace("q.i.d.", "QID").replace("q.h.s.", "QHS")
