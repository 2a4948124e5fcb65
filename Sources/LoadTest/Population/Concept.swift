/// A code of a terminology and its display.
struct Concept: Sendable {
    let code: String
    let display: String

    init(_ code: String, _ display: String) {
        self.code = code
        self.display = display
    }

    static let snomed = "http://snomed.info/sct"
    static let loinc = "http://loinc.org"

    static let allergies = [
        Concept("91936005", "Allergy to penicillin"), Concept("91935009", "Allergy to peanut"),
        Concept("300916003", "Latex allergy"), Concept("300913006", "Shellfish allergy"),
        Concept("91934008", "Allergy to nut"), Concept("418689008", "Allergy to grass pollen"),
        Concept("232350006", "House dust mite allergy"), Concept("232347008", "Dander (animal) allergy"),
        Concept("293586001", "Allergy to aspirin"),
    ]
    static let conditions = [
        Concept("195967001", "Asthma"), Concept("44054006", "Type 2 diabetes mellitus"),
        Concept("38341003", "Hypertensive disorder"), Concept("13645005", "Chronic obstructive lung disease"),
        Concept("49436004", "Atrial fibrillation"), Concept("84114007", "Heart failure"),
        Concept("35489007", "Depressive disorder"), Concept("396275006", "Osteoarthritis"),
        Concept("40930008", "Hypothyroidism"), Concept("709044004", "Chronic kidney disease"),
        Concept("235595009", "Gastroesophageal reflux disease"), Concept("84757009", "Epilepsy"),
        Concept("69896004", "Rheumatoid arthritis"), Concept("230690007", "Cerebrovascular accident"),
    ]
    /// What children have as well.
    static let childhoodConditions = [
        Concept("195967001", "Asthma"), Concept("43116000", "Eczema"), Concept("84757009", "Epilepsy"),
        Concept("195662009", "Acute viral pharyngitis"),
    ]
    static let medications = [
        Concept("387517004", "Paracetamol"), Concept("387207008", "Ibuprofen"), Concept("372687004", "Amoxicillin"),
        Concept("372567009", "Metformin"), Concept("372756006", "Warfarin"), Concept("387458008", "Aspirin"),
        Concept("387584000", "Simvastatin"), Concept("387137007", "Omeprazole"), Concept("386864001", "Amlodipine"),
        Concept("372897005", "Salbutamol"), Concept("373444002", "Atorvastatin"),
    ]
    static let encounters = [
        Concept("185349003", "Encounter for check up"), Concept("185347001", "Encounter for problem"),
        Concept("185345009", "Encounter for symptom"), Concept("11429006", "Consultation"),
        Concept("185317003", "Telephone encounter"), Concept("50849002", "Emergency room admission"),
    ]
    static let reports = [
        Concept("58410-2", "CBC panel - Blood by Automated count"),
        Concept("24331-1", "Lipid 1996 panel - Serum or Plasma"),
        Concept("24323-8", "Comprehensive metabolic 2000 panel - Serum or Plasma"),
        Concept("57698-3", "Lipid panel with direct LDL - Serum or Plasma"),
    ]
    static let procedures = [
        Concept("80146002", "Excision of appendix"), Concept("73761001", "Colonoscopy"),
        Concept("38102005", "Cholecystectomy"), Concept("415070008", "Percutaneous coronary intervention"),
        Concept("52734007", "Total replacement of hip"), Concept("40701008", "Echocardiography"),
        Concept("29303009", "Electrocardiographic procedure"),
        Concept("23426006", "Measurement of respiratory function"),
    ]
    static let vaccines = [
        Concept("46233009", "Influenza virus vaccine"), Concept("1119349007", "SARS-CoV-2 mRNA vaccine"),
        Concept("333598008", "Pneumococcal vaccine"), Concept("61153008", "Measles, mumps and rubella vaccine"),
    ]
    static let referrals = [
        Concept("3457005", "Patient referral"), Concept("306206005", "Referral to service"),
        Concept("183519002", "Referral to cardiology service"),
        Concept("183524004", "Referral to psychiatry service"), Concept("308447003", "Referral to physiotherapist"),
    ]
    static let specialties = [
        Concept("394579002", "Cardiology"), Concept("394582007", "Dermatology"),
        Concept("394583002", "Endocrinology"), Concept("394584008", "Gastroenterology"),
        Concept("394591006", "Neurology"), Concept("394594003", "Ophthalmology"),
        Concept("394801008", "Trauma and orthopedics"), Concept("394814009", "General practice"),
    ]
    static let documents = [
        Concept("18842-5", "Discharge summary"), Concept("11488-4", "Consult note"),
        Concept("57133-1", "Referral note"), Concept("11506-3", "Progress note"),
    ]
    static let plans = [
        Concept("734163000", "Care plan"), Concept("698360004", "Diabetes self management plan"),
        Concept("698361000", "Heart failure self management plan"),
        Concept("735324008", "Treatment escalation plan"), Concept("736373009", "End of life care plan"),
    ]
}

/// What is measured, and what is usual: in tenths of the unit, so that values are exact.
struct Measurement: Sendable {
    let concept: Concept
    /// UCUM
    let unit: String
    let tenths: ClosedRange<Int>

    static let all = [
        Measurement(concept: Concept("8480-6", "Systolic blood pressure"), unit: "mm[Hg]", tenths: 950...1_750),
        Measurement(concept: Concept("8462-4", "Diastolic blood pressure"), unit: "mm[Hg]", tenths: 550...1_050),
        Measurement(concept: Concept("8867-4", "Heart rate"), unit: "/min", tenths: 480...1_200),
        Measurement(concept: Concept("8310-5", "Body temperature"), unit: "Cel", tenths: 358...395),
        Measurement(concept: Concept("29463-7", "Body weight"), unit: "kg", tenths: 450...1_300),
        Measurement(
            concept: Concept("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"), unit: "%", tenths: 45...110),
        Measurement(
            concept: Concept("718-7", "Hemoglobin [Mass/volume] in Blood"), unit: "g/dL", tenths: 80...175),
    ]
}

/// A way of imaging: the procedure in SNOMED CT, the modality in DICOM.
struct Imaging: Sendable {
    let procedure: Concept
    let modality: Concept

    static let all = [
        Imaging(
            procedure: Concept("399208008", "Plain X-ray of chest"), modality: Concept("DX", "Digital Radiography")),
        Imaging(procedure: Concept("77477000", "Computed tomography"), modality: Concept("CT", "Computed Tomography")),
        Imaging(
            procedure: Concept("113091000", "Magnetic resonance imaging"),
            modality: Concept("MR", "Magnetic Resonance")),
        Imaging(procedure: Concept("16310003", "Ultrasonography"), modality: Concept("US", "Ultrasound")),
    ]
}
