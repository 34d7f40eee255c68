import CastyScenario
import Testing

@Suite("Values of the scenario language")
struct ValueTests {
    @Test(
        "a duration is read and written",
        arguments: [
            ("300ms", "300ms"), ("10s", "10s"), ("120s", "2m"), ("1.5s", "1500ms"), ("90s", "90s"),
            ("0.25us", "0.25us"), ("0s", "0s"), ("24h", "24h"),
        ])
    func duration(text: String, canonical: String) {
        let duration = Duration(scenarioText: text)
        #expect(duration?.scenarioText == canonical)
        #expect(Duration(scenarioText: canonical) == duration)
    }

    @Test(
        "what is no duration is refused",
        arguments: ["", "10", "s", "-1s", "1.s", ".5s", "1.2345s", "1 s", "10sec", "9999999999h", "01s"])
    func badDuration(text: String) {
        #expect(Duration(scenarioText: text) == nil)
    }

    @Test("a node is n and a number from 1 to 254", arguments: ["n1", "n254"])
    func node(text: String) { #expect(NodeName(text: text)?.description == text) }

    @Test("what is no node is refused", arguments: ["n0", "n255", "n01", "1", "n", "N1", "n+1", "n１"])
    func badNode(text: String) { #expect(NodeName(text: text) == nil) }

    @Test("a run of entities counts from its first to its last")
    func range() {
        let range = EntityRange(from: "account-8", to: "account-11")
        #expect(
            range.map { EntityPattern.range($0).names.map(\.id) } == [
                "account-8", "account-9", "account-10", "account-11",
            ])
    }

    @Test(
        "a run of entities has one prefix, rising numbers and an end",
        arguments: [
            ("account-2", "account-1"), ("account-1", "counter-2"), ("account-01", "account-10"),
            ("account-1", "account-100001"), ("account", "account-2"), ("account-x", "account-y"),
        ])
    func badRange(first: String, last: String) { #expect(EntityRange(from: first, to: last) == nil) }

    @Test("a number keeps three digits after the point", arguments: ["0", "5", "0.25", "-1.5", "99.999"])
    func thousandths(text: String) { #expect(Thousandths(text: text)?.description == text) }

    @Test("an entity's name is a type, a dash and a rest", arguments: ["account-7", "cart-a b", "x-ü", "a_b-c-d"])
    func entity(text: String) { #expect(EntityName(text)?.id == text) }

    @Test(
        "what is no entity's name is refused", arguments: ["", "account", "account-", "-7", "a b-7", "a-\u{1B}", "ä-1"])
    func badEntity(text: String) { #expect(EntityName(text) == nil) }

    @Test("what follows the type's dash may begin with a mark that combines with it")
    func combiningMark() throws {
        let name = try #require(EntityName("account-\u{301}x"))
        #expect(name.type == "account")
        #expect(EntityName("account-") == nil)
        #expect(EntityName("acc\u{301}ount-1") == nil)
        let scenario = try Scenario.parse("nodes 1\ntell account-\u{301} deposit 1", file: "mark.casty")
        #expect(scenario.description.unicodeScalars.contains("\u{301}"))
    }
}
