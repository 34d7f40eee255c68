import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("Keys become commands of the scenario language")
struct KeyTests {
    @Test(
        "a key on the second node submits its line",
        arguments: [
            ("T", "freeze n2"), ("a", "start n6"), ("x", "cut n2 | n1,n3,n4,n5"), ("p", "pause"), (".", "step"),
            (",", "back"), ("+", "speed x2"), ("-", "speed x0.5"), ("u", "undo"), ("U", "redo"),
        ])
    func keyOnSecondNode(key: String, line: String) {
        var console = Fixture()
        console.press(.down)
        #expect(console.type(key) == [.submit(line: line)])
    }

    @Test("thaw, restart and down fit the state of the node")
    func keysThatFitTheState() {
        var console = Fixture()
        console.cluster.silence(2, .frozen)
        console.cluster.silence(3, .killed)
        console.run(40)
        console.press(.down)
        #expect(console.type("t") == [.submit(line: "thaw n2")])
        #expect(console.type("D") == [])
        #expect(console.type("y") == [.submit(line: "down n2 by n1")])
        console.press(.down)
        #expect(console.type("r") == [])
        #expect(console.type("y") == [.submit(line: "restart n3")])
    }

    @Test("marked nodes are acted on together, and P parts them from the rest")
    func markedNodes() {
        var console = Fixture()
        console.forecasts = true
        console.press(.character(" "), .character(" "))
        #expect(console.state.selection.marked == ["n1", "n2"])
        #expect(console.type("T") == [.submit(line: "freeze n1,n2")])
        #expect(console.type("P") == [.submit(line: "cut n1,n2 | n3,n4,n5")])
    }

    @Test("in the network pane x cuts one way, X both ways, and again heals")
    func links() {
        var console = Fixture()
        console.type("4")
        console.press(.down, .right)
        #expect(console.type("x") == [.submit(line: "cut n2 -> n3")])
        #expect(console.type("X") == [.submit(line: "cut n2 | n3")])
        console.cluster.links = [LinkSnapshot(from: "n2", to: "n3", cut: true)]
        console.look()
        #expect(console.type("x") == [.submit(line: "heal n2 -> n3")])
        #expect(console.type("H") == [.submit(line: "heal")])
        console.cluster.links.append(LinkSnapshot(from: "n3", to: "n2", cut: true))
        console.look()
        #expect(console.type("X") == [.submit(line: "heal n2 n3")])
    }

    @Test("a link that is only slow or lossy is healed too, and d and o change one direction")
    func slowLinks() {
        var console = Fixture()
        console.cluster.links = [LinkSnapshot(from: "n2", to: "n3", cut: false, loss: 0.05)]
        console.look()
        #expect(console.type("H") == [.submit(line: "heal")])
        console.type("4")
        console.press(.down, .right)
        console.type("d")
        #expect(console.press(.enter) == [.submit(line: "link n2 -> n3 latency 50ms")])
        console.type("o")
        #expect(console.press(.enter) == [.submit(line: "link n2 -> n3 loss 5%")])
    }

    @Test("w on a link says what ails it, since when, by whom, and what its ends make of it")
    func whyLink() {
        var console = Fixture(width: 200, height: 60)
        console.type("4")
        console.press(.down, .right)
        console.type("w")
        #expect(console.text.contains("n2→n3 carries everything") && console.text.contains("nothing was done to it"))
        console.cluster.note(EventID.testbed, .cut, from: "n2", to: "n3")
        console.cluster.links = [LinkSnapshot(from: "n2", to: "n3", cut: true)]
        console.look()
        #expect(console.text.contains("n2→n3 is cut") && console.text.contains("ago, by you (test/"))
        #expect(console.text.contains("n3→n2 carries everything"))
        console.cluster.note(EventID.testbed, .linkImpaired, detail: .text("loss 5%"))
        console.cluster.links = [LinkSnapshot(from: "n2", to: "n3", cut: false, loss: 0.05)]
        console.look()
        #expect(console.text.contains("n2→n3 loses 5") && console.text.contains("SLOWED all links  loss 5%"))
    }

    @Test("prompts complete a line")
    func prompts() {
        var console = Fixture()
        console.type("s")
        #expect(console.press(.enter) == [.submit(line: "spawn account-743")])
        console.type("S")
        #expect(console.press(.enter) == [.submit(line: "spawn account-1..account-100")])
        console.type("E")
        #expect(console.press(.enter) == [.submit(line: "load 200/s over 50 entities for 30s")])
        console.type("3m")
        #expect(console.type("n4") == [])
        #expect(console.press(.enter) == [.submit(line: "move shard 0 to n4")])
    }

    @Test("what cannot act here flashes the reason and does nothing", arguments: ["p", ".", "+", "-", "="])
    func liveRefusesTime(key: String) {
        var console = Fixture(mode: .live)
        #expect(console.type(key) == [])
        #expect(console.state.dialogs.flash?.kind == .refused)
        #expect(console.state.dialogs.flash?.text.contains("--sim") == true)
    }

    @Test(
        "keys that do not fit the node say so",
        arguments: [
            ("t", "not frozen"), ("r", "kill it"), ("D", "only what is unreachable"), ("H", "no link is cut"),
            ("P", "mark one side"),
        ])
    func refusals(key: String, words: String) {
        var console = Fixture()
        #expect(console.type(key) == [])
        #expect(console.state.dialogs.flash?.kind == .refused)
        #expect(console.state.dialogs.flash?.text.contains(words) == true)
    }

    @Test("an observer and a read-only console change nothing", arguments: Array("aKTtrLDxXsSeEuU"))
    func readOnly(key: Character) {
        var observer = Fixture(mode: .attached)
        #expect(observer.press(.character(key)) == [])
        #expect(observer.state.dialogs.flash?.kind == .refused)
        var options = ConsoleOptions()
        options.readOnly = true
        var console = Fixture(options: options)
        #expect(console.press(.character(key)) == [])
        #expect(console.state.dialogs.flash?.text.contains("read-only") == true)
    }

    @Test("a key of another pane says where it acts")
    func elsewhere() {
        var console = Fixture()
        #expect(console.type("c") == [])
        #expect(console.state.dialogs.flash?.text.contains("Shards") == true)
    }

    @Test("pasted text never acts as keys")
    func paste() {
        var console = Fixture()
        #expect(console.press(.paste("Kyq\n")) == [])
        #expect(console.state.dialogs.modal == nil)
        console.type(":")
        console.press(.paste("freeze n2\n"))
        #expect(console.press(.enter) == [.submit(line: "freeze n2")])
    }

    @Test("every request of a key can be written in the language, and reads back as the same request")
    func requestsAreInTheLanguage() throws {
        var requests: [ConsoleRequest] = []
        let consoles = [NodeState.running, .frozen, .killed].map { state in
            var console = Fixture()
            if state != .running { console.cluster.silence(2, state) }
            console.cluster.links = [LinkSnapshot(from: "n1", to: "n3", cut: true)]
            console.run(40)
            return console
        }
        for pane in Pane.allCases {
            for binding in KeyMap.standard.bindings(in: pane) where binding.verb != nil {
                for prepared in consoles {
                    var console = prepared
                    console.forecasts = true
                    console.state.focus(on: pane)
                    console.state.selection.node = "n2"
                    console.state.selection.marked = binding.action == .link(.partition) ? ["n2"] : []
                    var intents = console.press(binding.keys[0])
                    if case .prompt(let prompt) = console.state.dialogs.modal {
                        if prompt.field.text.isEmpty { console.type("n3") }
                        intents += console.press(.enter)
                    }
                    intents +=
                        console.state.dialogs.modal != nil || console.state.dialogs.question != nil
                        ? console.type("y") : []
                    for case .submit(let request) in intents { requests.append(request) }
                }
            }
        }
        #expect(Set(requests.map(\.verb)).count >= 16)
        for request in Set(requests) {
            let line =
                switch request {
                case .command(let command): command.description
                case .control(let control): control.description
                }
            #expect(.submit(request) == Intent.submit(line: line), "\(line)")
        }
    }

    @Test("every binding has a name, and no two keys of one pane collide")
    func tableIsSound() {
        for pane in Pane.allCases {
            var seen: Set<Key> = []
            for binding in KeyMap.standard.bindings(in: pane) {
                #expect(!binding.summary.isEmpty && !binding.word.isEmpty)
                for key in binding.keys { #expect(seen.insert(key).inserted, "\(key.name) twice in \(pane.title)") }
            }
        }
    }
}
