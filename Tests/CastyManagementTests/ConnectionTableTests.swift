import Testing

@testable import CastyManagement

@Suite("The connections of a management server")
struct ConnectionTableTests {
    private typealias Table = ConnectionTable<Int>

    /// What becomes of a new connection, and which one it displaces.
    private func admit(_ table: inout Table, _ id: Int, from source: String) -> String {
        let (admission, displaced) = table.admit(id, from: source)
        return "\(admission)" + (displaced.map { " for \($0)" } ?? "")
    }

    @Test("An idle connection of the most crowded source gives way, the oldest first")
    func crowded() {
        var table = Table(limit: 4, perSource: 3)
        for id in 1...3 { #expect(admit(&table, id, from: "a") == "admitted") }
        #expect(admit(&table, 4, from: "b") == "admitted")
        #expect(admit(&table, 5, from: "c") == "admitted for 1")
        #expect(admit(&table, 6, from: "d") == "admitted for 2")
        #expect(table.ids == [3, 4, 5, 6])
    }

    @Test("A source that has its share displaces its own, and one whose share is busy may only probe")
    func share() {
        var table = Table(limit: 100, perSource: 2)
        _ = table.admit(0, from: "b")
        _ = (table.admit(1, from: "a"), table.admit(2, from: "a"))
        table.began(1)
        #expect(admit(&table, 3, from: "a") == "admitted for 2")
        table.began(3)
        #expect(admit(&table, 4, from: "a") == "probesOnly")
        #expect(admit(&table, 5, from: "b") == "admitted")
        table.answered(1)
        #expect(admit(&table, 6, from: "a") == "admitted for 1")
    }

    @Test("Where all are busy there is room for probes, and the most crowded source of these displaces its own")
    func reserve() {
        var table = Table(limit: 2, perSource: 2)
        for id in 1...2 {
            _ = table.admit(id, from: "a")
            table.began(id)
        }
        for id in 10..<10 + Table.reserve - 1 { #expect(admit(&table, id, from: "a") == "probesOnly") }
        #expect(admit(&table, 100, from: "probe") == "probesOnly")
        for id in 200..<1200 {
            let (admission, displaced) = table.admit(id, from: "a")
            #expect(admission == .probesOnly && displaced != nil && displaced != 100)
        }
        #expect(table.ids.contains(100))
        #expect(table.count == 2 + Table.reserve)
        table.remove(1)
        #expect(admit(&table, 3, from: "z") == "admitted")
    }

    @Test("A connection that was answered lately stays longer than one that says nothing")
    func order() {
        var table = Table(limit: 2, perSource: 2)
        _ = (table.admit(1, from: "a"), table.admit(2, from: "a"))
        table.began(1)
        table.answered(1)
        #expect(admit(&table, 3, from: "a") == "admitted for 2")
    }
}
