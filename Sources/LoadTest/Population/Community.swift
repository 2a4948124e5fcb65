/// Names that go together, as they do in London's communities. Every person made of them is invented.
struct Community: Sendable {
    let families: [String]
    let women: [String]
    let men: [String]

    static let all: [Community] = [
        Community(
            families: ["Smith", "Taylor", "Clarke", "Hughes", "Bennett", "Marsh", "O'Connor", "Featherstone-Hall"],
            women: ["Emily", "Charlotte", "Zoë", "Margaret", "Doreen", "Siân", "Niamh"],
            men: ["Oliver", "George", "Harry", "Ronald", "Terence", "Seán", "Callum"]),
        Community(
            families: ["Begum", "Rahman", "Uddin", "Chowdhury", "Miah", "Khatun", "Islam"],
            women: ["Nasrin", "Rokeya", "Shirin", "Farzana", "Taslima"],
            men: ["Abdul", "Kamal", "Shahid", "Tariq", "Mizanur"]),
        Community(
            families: ["Patel", "Shah", "Singh", "Kaur", "Sharma", "Mehta", "Desai"],
            women: ["Priya", "Anjali", "Meera", "Harpreet", "Kavita"],
            men: ["Rajesh", "Amit", "Gurpreet", "Vikram", "Sanjay"]),
        Community(
            families: ["Khan", "Ahmed", "Hussain", "Malik", "Iqbal", "Qureshi"],
            women: ["Ayesha", "Fatima", "Zainab", "Sadia", "Nadia"],
            men: ["Muhammad", "Imran", "Bilal", "Usman", "Yusuf"]),
        Community(
            families: ["Okafor", "Adeyemi", "Mensah", "Owusu", "Eze", "Balogun", "Boateng"],
            women: ["Ngozi", "Folasade", "Abena", "Chiamaka", "Efua"],
            men: ["Chukwuemeka", "Kwame", "Oluwaseun", "Kofi", "Tunde"]),
        Community(
            families: ["Campbell", "Grant", "Francis", "Baptiste", "Morgan", "St Louis"],
            women: ["Shanice", "Marcia", "Beverley", "Keisha", "Gloria"],
            men: ["Winston", "Delroy", "Marlon", "Leroy", "Curtis"]),
        Community(
            families: ["Kowalski", "Nowak", "Wiśniewska", "Zieliński", "Popescu", "Ionescu", "Kazlauskas"],
            women: ["Agnieszka", "Małgorzata", "Elena", "Ioana", "Rasa"],
            men: ["Łukasz", "Krzysztof", "Andrei", "Mihai", "Jonas"]),
        Community(
            families: ["Yılmaz", "Demir", "Öztürk", "Georgiou", "Christodoulou", "Hassan"],
            women: ["Ayşe", "Gül", "Eleni", "Despina", "Zehra"],
            men: ["Mehmet", "Emre", "Andreas", "Çağlar", "Mustafa"]),
        Community(
            families: ["Warsame", "Abdi", "Farah", "Tesfaye", "Haile"],
            women: ["Hodan", "Amina", "Sahra", "Selam", "Hiwot"],
            men: ["Abdirahman", "Mohamud", "Dawit", "Yonas", "Liban"]),
        Community(
            families: ["Chen", "Wong", "Nguyễn", "Trần", "Santos", "Reyes", "Da Silva"],
            women: ["Mei", "Li Na", "Thảo", "Maria Luz", "Beatriz"],
            men: ["Wei", "Jun", "Minh", "José", "Tiago"]),
        Community(
            families: ["Cohen", "Levy", "Goldberg", "Rosen", "Friedman"],
            women: ["Miriam", "Rivka", "Esther", "Hannah", "Naomi"],
            men: ["David", "Moshe", "Avi", "Samuel", "Eli"]),
    ]
}
