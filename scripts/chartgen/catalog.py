# SPDX-License-Identifier: GPL-3.0-or-later
"""Document types, how each is titled on paper, and the words of headers, footers and labels."""

LOINC = {
    "consultation_note": "11488-4", "discharge_summary": "18842-5", "diagnostic_imaging_report": "18748-4",
    "progress_note": "11506-3", "physician_orders": "", "operative_report": "11504-8",
    "laboratory_report": "11502-2", "letter": "51852-2", "emergency_department_note": "34111-5",
    "psychiatric_psychological_evaluation": "34788-0", "procedure_note": "28570-0",
    "history_and_physical": "34117-2", "face_sheet": "", "consent_form": "59284-0",
    "medication_administration_record": "", "pathology_report": "11526-1", "nursing_note": "34746-8",
    "vital_signs_flow_sheet": "", "advance_directive": "42348-3", "insurance_card": "64290-0", "claim_form": "",
    "ecg_tracing": "11524-6", "referral": "57133-1", "telephone_note": "34748-4", "immunization_record": "11369-6",
}

# how often a chart holds each type; the dictated ones make up most of its pages
WEIGHTS = {
    "consultation_note": 10, "discharge_summary": 8, "diagnostic_imaging_report": 8, "progress_note": 9,
    "physician_orders": 5, "operative_report": 7, "laboratory_report": 6, "letter": 5,
    "emergency_department_note": 6, "psychiatric_psychological_evaluation": 5, "procedure_note": 6,
    "history_and_physical": 6, "face_sheet": 3, "consent_form": 3, "medication_administration_record": 3,
    "pathology_report": 4, "nursing_note": 4, "vital_signs_flow_sheet": 2, "advance_directive": 2,
    "insurance_card": 2, "claim_form": 2, "ecg_tracing": 2, "referral": 2, "telephone_note": 3,
    "immunization_record": 2,
}

TITLES = {
    "consultation_note": ["CONSULTATION", "CONSULTATION REPORT", "CONSULTATION NOTE", "Consultation Report", "CONSULT NOTE",
                          "CARDIOLOGY CONSULTATION", "Neurology Consultation", "REPORT OF CONSULTATION",
                          "Surgical Consultation", "INITIAL CONSULTATION", "ONCOLOGY CONSULTATION",
                          "Pulmonary Consult", "PHYSICIAN CONSULTATION", "Inpatient Consultation"],
    "discharge_summary": ["DISCHARGE SUMMARY", "Discharge Summary", "DISCHARGE SUMMARY REPORT", "HOSPITAL DISCHARGE SUMMARY",
                          "SUMMARY OF HOSPITALIZATION", "Physician Discharge Summary", "DISCHARGE NOTE",
                          "CLINICAL RESUME", "Final Summary", "DEATH SUMMARY", "TRANSFER SUMMARY"],
    "diagnostic_imaging_report": ["RADIOLOGY REPORT", "DIAGNOSTIC IMAGING REPORT", "X-RAY REPORT", "Imaging Report",
                                  "RADIOLOGY CONSULTATION", "DEPARTMENT OF RADIOLOGY", "ULTRASOUND REPORT", "MRI REPORT",
                                  "CT REPORT", "ECHOCARDIOGRAM REPORT", "Diagnostic Radiology", "NUCLEAR MEDICINE REPORT",
                                  "MAMMOGRAPHY REPORT"],
    "progress_note": ["PROGRESS NOTE", "Progress Notes", "OFFICE VISIT", "CLINIC NOTE", "SOAP NOTE", "OFFICE NOTE",
                      "FOLLOW-UP VISIT", "DAILY PROGRESS NOTE", "Follow-Up Note", "Outpatient Clinic Note", "CHART NOTE",
                      "PHYSICIAN PROGRESS NOTES", "Established Patient Visit"],
    "physician_orders": ["PHYSICIAN ORDERS", "PHYSICIAN'S ORDERS", "DOCTOR'S ORDERS", "ADMISSION ORDERS", "Order Sheet",
                         "POST-OPERATIVE ORDERS", "Physician Order Form", "STANDING ORDERS", "DISCHARGE ORDERS"],
    "operative_report": ["OPERATIVE REPORT", "OPERATIVE NOTE", "REPORT OF OPERATION", "Operative Report", "OPERATION REPORT",
                         "SURGICAL REPORT", "RECORD OF OPERATION", "OP NOTE", "Operation Note"],
    "laboratory_report": ["LABORATORY REPORT", "LABORATORY RESULTS", "CLINICAL LABORATORY REPORT", "Lab Results",
                          "CUMULATIVE LABORATORY SUMMARY", "CHEMISTRY REPORT", "Final Laboratory Report",
                          "HEMATOLOGY REPORT", "DEPARTMENT OF LABORATORY MEDICINE", "MICROBIOLOGY REPORT"],
    "letter": ["LETTER", "Correspondence", "CONSULTATION LETTER", "Office Correspondence", "LETTER TO REFERRING PHYSICIAN"],
    "emergency_department_note": ["EMERGENCY DEPARTMENT NOTE", "EMERGENCY ROOM REPORT", "ED PHYSICIAN NOTE",
                                  "EMERGENCY DEPARTMENT REPORT", "ER REPORT", "Emergency Physician Record",
                                  "EMERGENCY ROOM VISIT", "Emergency Department Record", "ED PROVIDER NOTE"],
    "psychiatric_psychological_evaluation": ["PSYCHIATRIC EVALUATION", "PSYCHOLOGICAL EVALUATION",
                                             "INITIAL PSYCHIATRIC EVALUATION", "Psychiatric Assessment",
                                             "MENTAL HEALTH EVALUATION", "Neuropsychological Evaluation",
                                             "PSYCHIATRIC CONSULTATION", "PSYCHOSOCIAL EVALUATION",
                                             "Behavioral Health Intake"],
    "procedure_note": ["PROCEDURE NOTE", "PROCEDURE REPORT", "ENDOSCOPY REPORT", "COLONOSCOPY REPORT",
                       "CARDIAC CATHETERIZATION REPORT", "Procedure Note", "BRONCHOSCOPY REPORT",
                       "REPORT OF PROCEDURE", "Bedside Procedure Note", "GASTROINTESTINAL PROCEDURE REPORT"],
    "history_and_physical": ["HISTORY AND PHYSICAL", "HISTORY & PHYSICAL", "H&P", "ADMISSION HISTORY AND PHYSICAL",
                             "History and Physical Examination", "ADMISSION NOTE", "HISTORY AND PHYSICAL EXAMINATION",
                             "Preoperative History and Physical", "PREOPERATIVE H&P"],
    "face_sheet": ["FACE SHEET", "ADMISSION RECORD", "PATIENT REGISTRATION", "Patient Face Sheet", "REGISTRATION FORM",
                   "INPATIENT ADMISSION FACE SHEET", "Patient Information", "DEMOGRAPHIC SHEET", "ADMITTING FORM"],
    "consent_form": ["CONSENT FOR SURGERY", "INFORMED CONSENT", "CONSENT TO TREATMENT", "CONSENT FOR OPERATION",
                     "Consent to Operation, Anesthesia and Other Procedures", "AUTHORIZATION FOR TREATMENT",
                     "CONSENT FORM", "General Consent for Treatment", "CONSENT FOR BLOOD TRANSFUSION"],
    "medication_administration_record": ["MEDICATION ADMINISTRATION RECORD", "MAR", "Medication Administration Record (MAR)",
                                         "MEDICATION RECORD", "24-HOUR MEDICATION ADMINISTRATION RECORD",
                                         "Scheduled Medications"],
    "pathology_report": ["SURGICAL PATHOLOGY REPORT", "PATHOLOGY REPORT", "TISSUE REPORT", "Surgical Pathology",
                         "CYTOPATHOLOGY REPORT", "DEPARTMENT OF PATHOLOGY", "FINAL PATHOLOGY REPORT", "Anatomic Pathology"],
    "nursing_note": ["NURSING NOTES", "NURSES NOTES", "NURSE'S NOTES", "Nursing Progress Notes", "NURSING ASSESSMENT",
                     "NURSING FLOW RECORD", "Nursing Narrative Note", "SHIFT NOTE"],
    "vital_signs_flow_sheet": ["VITAL SIGNS FLOW SHEET", "VITAL SIGNS RECORD", "GRAPHIC RECORD", "Vital Signs Flowsheet",
                               "GRAPHIC SHEET", "TPR SHEET", "24 HOUR FLOW SHEET", "VITAL SIGN SHEET"],
    "advance_directive": ["ADVANCE DIRECTIVE", "LIVING WILL", "DURABLE POWER OF ATTORNEY FOR HEALTH CARE", "HEALTH CARE PROXY",
                          "Advance Health Care Directive", "DO NOT RESUSCITATE ORDER", "POLST",
                          "DECLARATION OF A DESIRE FOR A NATURAL DEATH"],
    "insurance_card": ["INSURANCE CARD", "Insurance Card Copy", "MEDICARE HEALTH INSURANCE", "Member ID Card"],
    "claim_form": ["HEALTH INSURANCE CLAIM FORM", "CLAIM FORM", "STATEMENT OF SERVICES", "Itemized Statement", "SUPERBILL",
                   "PATIENT STATEMENT", "UB-04 CLAIM", "Encounter Form"],
    "ecg_tracing": ["12-LEAD ECG", "ELECTROCARDIOGRAM", "ECG REPORT", "EKG", "12 Lead Electrocardiogram", "RESTING ECG"],
    "referral": ["REFERRAL FORM", "REFERRAL", "PHYSICIAN REFERRAL", "Referral Request", "SPECIALTY REFERRAL",
                 "REFERRAL AUTHORIZATION", "Request for Consultation"],
    "telephone_note": ["TELEPHONE ENCOUNTER", "TELEPHONE MESSAGE", "PHONE NOTE", "Telephone Call", "TELEPHONE CONTACT",
                       "Phone Message", "TELEPHONE TRIAGE NOTE", "TELEPHONE ENCOUNTER NOTE"],
    "immunization_record": ["IMMUNIZATION RECORD", "VACCINE ADMINISTRATION RECORD", "Immunization History",
                            "CERTIFICATE OF IMMUNIZATION", "VACCINATION RECORD", "Childhood Immunization Record"],
}

# share of documents with no title at all
UNTITLED = {"letter": 0.9, "insurance_card": 0.75, "ecg_tracing": 0.6, "progress_note": 0.3}
UNTITLED_ELSE = 0.14

NAME_LABELS = ["Patient Name", "Patient", "Name", "Pt Name", "PATIENT", "NAME", "Pt", "Patient's Name", "PATIENT NAME",
               "Resident Name", "Name (Last, First, MI)"]
MRN_LABELS = ["MRN", "Medical Record No.", "MR#", "Med Rec #", "Medical Record Number", "MR No.", "Chart No.", "Chart #",
              "Unit No.", "Record #", "Hosp No.", "Patient ID", "MED REC NO", "M.R. No.", "MR NUMBER"]
DOB_LABELS = ["DOB", "Date of Birth", "Birthdate", "Birth Date", "D.O.B.", "Born", "DATE OF BIRTH", "Birth Dt"]
DOS_LABELS = {
    "": ["Date of Service", "Date", "DATE", "Visit Date", "DOS", "Service Date", "Date of Visit", "Encounter Date"],
    "discharge_summary": ["Discharge Date", "Date of Discharge", "DATE OF DISCHARGE", "Disch Date", "Date"],
    "history_and_physical": ["Admit Date", "Date of Admission", "Admission Date", "ADM DATE", "Date"],
    "operative_report": ["Date of Operation", "Date of Surgery", "Surgery Date", "DATE OF PROCEDURE", "Date"],
    "procedure_note": ["Date of Procedure", "Procedure Date", "Date of Service", "Date"],
    "consultation_note": ["Date of Consultation", "Consult Date", "Date of Service", "Date"],
    "laboratory_report": ["Collected", "Collection Date", "Date Collected", "Report Date", "Date"],
    "pathology_report": ["Collected", "Date Received", "Date Obtained", "Report Date"],
    "diagnostic_imaging_report": ["Exam Date", "Date of Exam", "Study Date", "Date of Service", "Date"],
    "emergency_department_note": ["Date of Visit", "ED Date", "Date of Service", "Arrival Date", "Date"],
    "face_sheet": ["Admit Date", "Admission Date", "Adm Date", "Date"],
}
PROVIDER_LABELS = ["Attending", "Physician", "Provider", "Attending Physician", "Dr", "Ordering Physician", "PCP", "MD",
                   "Referring Physician", "ATTENDING", "Primary Care Physician"]
ACCOUNT_LABELS = ["Acct #", "Account No.", "Acct", "Visit #", "Encounter No.", "FIN", "Account Number", "Case #", "Adm #"]
SEX_LABELS = ["Sex", "Gender", "SEX", "M/F"]

FOOTERS = ["Page {k} of {n}", "Page {k} of {n}", "{k}/{n}", "Page {k}", "- {k} -", "Page: {k}", "PAGE {k} OF {n}", "pg. {k}",
           "{k} of {n}", "Pg {k}/{n}", "P. {k}", ""]
FOOT_NOTES = ["CONFIDENTIAL", "Form 4412 (rev 3/98)", "MEDICAL RECORD COPY", "Original - Chart", "DO NOT REMOVE FROM CHART",
              "Confidential patient information protected by law", "Printed {dos}", "HIM-{code}", "FORM #{code} REV 0{d}/0{d}",
              "This report has been electronically signed", "Not valid without signature", "Chart Copy", "", "", "", "", "", ""]
SPECIALTIES = ["Internal Medicine", "Department of Surgery", "Cardiology", "Family Medicine", "Orthopaedic Surgery",
               "Department of Medicine", "Neurology", "Health Information Management", "Obstetrics and Gynecology",
               "Emergency Services", "Urology", "Gastroenterology", "Oncology", "Pediatrics"]
