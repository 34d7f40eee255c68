import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("Keys that can do nothing say why")
struct RefusalTests {
    private func flash(_ pane: String, _ keys: String, mode: ConsoleMode = .simulated(seed: 1)) -> String? {
        var console = Fixture(mode: mode)
        console.run(10)
        console.type(pane)
        #expect(console.type(keys) == [])
        return console.state.dialogs.flash?.text
    }

    @Test("a key of other panes names all of them")
    func elsewhere() {
        #expect(flash("1", "v") == "v: only in Events, Why (level) and Flow (which)")
        #expect(flash("1", "c")?.hasSuffix("— only in Shards") == true)
    }

    @Test("delay and loss of a live link are refused before a value is asked for", arguments: ["d", "o"])
    func liveLinks(key: String) {
        #expect(flash("4", key, mode: .live)?.contains("exist with --sim only") == true)
        var console = Fixture()
        console.type("4" + key)
        #expect(console.state.dialogs.modal != nil)
    }

    @Test("left and right outside of grids, and normal speed at normal speed")
    func noEffect() {
        #expect(flash("1", "l")?.contains("move in Shards and Network") == true)
        #expect(flash("4", "n")?.contains("the arrows move in Network") == true)
        #expect(flash("1", "=") == "speed: it is normal already")
    }

    @Test("panes without a filter say where there is one", arguments: ["2", "4", "5", "7"])
    func noFilter(pane: String) {
        #expect(flash(pane, "/")?.contains("there is one in Members, Shards, Events, Flow") == true)
    }

    @Test(
        "a filter by a field that a pane does not have says which there are",
        arguments: [
            ("1", "foo=1", "filter: no foo= here; there are node= address= status= member= state="),
            ("3", "foo=1", "filter: Shards has no foo=; a part of an entity's name finds it"),
        ])
    func unknownField(pane: String, filter: String, answer: String) {
        var console = Fixture()
        console.run(10)
        console.type("\(pane)/\(filter)")
        console.press(.enter)
        #expect(console.state.dialogs.flash?.text == answer)
        console.type(":filter \(filter)")
        console.press(.enter)
        #expect(console.state.dialogs.flash?.text == answer)
    }

    @Test("every field that a filter can name is one that rows, events and messages have")
    func knownFields() {
        var console = Fixture()
        console.run(10)
        for field in ConsoleState.filterFields[.members] ?? [] {
            console.type("1/\(field)=zzz")
            console.press(.enter)
            #expect(console.text.contains("no node fits the filter"), "\(field)")
        }
        for field in ConsoleState.filterFields[.events] ?? [] {
            console.type("6/\(field)=zzz")
            console.press(.enter)
            #expect(console.text.contains("no event fits the filter"), "\(field)")
        }
    }

    @Test("a filter by kind shows messages of that kind, also those that are not shown otherwise")
    func kinds() {
        #expect(!ShownMessages.withoutRoutine.contains(.heartbeat(sequence: 1)))
        #expect(!ShownMessages.withoutRoutine.contains(.gossip(.status, version: nil)))
        #expect(ShownMessages.withoutRoutine.contains(.gossip(.state, version: 3)))
    }

    @Test("Esc ends a long way to another time, whatever moment is shown")
    func longWay() {
        var console = Fixture()
        #expect(console.press(.escape) == [])
        console.feed.progress = "rewinding to 3000.0… 4 % · {escape} ends it"
        #expect(console.text.contains("4 % · Esc ends it"))
        #expect(console.press(.escape) == [.submit(line: "until off")])
    }
}
