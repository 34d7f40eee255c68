import CastyCore
import CastySQLite
import CastySharding
import Testing

@testable import CastyCommand

@Suite("The lines of casty store export")
struct StoreExportTests {
    private func event(_ payload: [UInt8], tags: [String] = []) -> SQLiteFolder.Entry {
        .event(
            StoredEvent(
                type: "cart", entity: "cart-17", sequence: 12,
                record: EventRecord(payload: payload, manifest: "added", version: 3, tags: tags)))
    }

    @Test("Each is an object that says what it is, with texts as texts and other bytes in base64")
    func lines() {
        let token = ShardFence(cluster: ClusterID(high: 1, low: 2), upNumber: 4, start: 1, sequence: 17)
        let lines: [(SQLiteFolder.Entry, String)] = [
            (
                .state(type: "cart", id: "cart-17", state: Array("{\"items\":3}".utf8), fence: token),
                #"{"event":"state","type":"cart","id":"cart-17","text":"{\"items\":3}","token":"4.1.17"}"#
            ),
            (
                .remembered(type: "cart", id: "cart-17"),
                #"{"event":"remembered","type":"cart","id":"cart-17"}"#
            ),
            (
                .reminder(type: "cart", id: "cart-17", at: WallTime(milliseconds: 0)),
                #"{"event":"reminder","type":"cart","id":"cart-17","at":"1970-01-01T00:00:00.000Z"}"#
            ),
            (
                event(Array("7".utf8), tags: ["paid", "a\"b"]),
                #"{"event":"event","type":"cart","id":"cart-17","number":12,"manifest":"added","version":3,"tags":["a\"b","paid"],"text":"7"}"#
            ),
            (
                event([0xFF, 0]),
                #"{"event":"event","type":"cart","id":"cart-17","number":12,"manifest":"added","version":3,"tags":[],"base64":"/wA="}"#
            ),
        ]
        for (entry, line) in lines { #expect(StoreExport.line(entry) == line) }
    }
}
