import ArgumentParser
import CastyConsole
import CastyScenario
import Testing

@testable import CastyCommand

@Suite("The manual page and the completions")
struct ManualTests {
    private static func page() throws -> String { try ManCommand.page() }

    @Test("the page has every command and every option that help lists")
    func options() throws {
        let page = try Self.page()
        let dump = try HelpDump(of: Casty.self)
        #expect(dump.command.listed.count >= 14)
        for command in dump.command.listed {
            #expect(page.contains(".SS \"casty \(Troff.escaped(command.commandName))"), "\(command.commandName)")
            for argument in command.shown {
                for name in argument.typedNames { #expect(page.contains(Troff.escaped(name)), "\(name)") }
            }
        }
        #expect(!page.contains("casty travel"))
    }

    @Test("it has every action of a key, and every verb of scenarios and console that is carried out")
    func tables() throws {
        let page = try Self.page()
        for action in KeyMap.actions { #expect(page.contains("[\(Troff.escaped(action.name))]"), "\(action.name)") }
        let usages = Verb.allCases.flatMap(\.usage) + ConsoleVerb.allCases.filter { !$0.isReserved }.flatMap(\.usage)
        for usage in usages { #expect(page.contains("\\fB\(Troff.escaped(usage))\\fR"), "\(usage)") }
    }

    @Test("the options of the screen are described once")
    func once() throws {
        let page = try Self.page()
        let lines = page.split(separator: "\n").filter { $0 == "\\fB\\-\\-print\\-config\\fR" }
        #expect(lines.count == 1)
    }

    @Test("it is ASCII, and no text of it is read as a macro")
    func source() throws {
        let macros = ["TH", "SH", "SS", "PP", "TP", "TQ", "RS", "RE", "nf", "fi", "nh", "ad", "sp"]
        for line in try Self.page().split(separator: "\n") {
            #expect(line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(line)")
            if line.hasPrefix(".") {
                #expect(macros.contains { line.dropFirst().hasPrefix($0) }, "\(line)")
            }
            #expect(!line.hasPrefix("'"), "\(line)")
        }
    }

    @Test("hostile text stays text")
    func hostile() {
        var page = Troff(title: "X", section: 1, source: "y")
        page.paragraphs(".de x\n'so /etc/passwd\n\\*[x] \"…\"\n\n  .TH literal")
        page.entry(["a\"b"], ".x", "")
        page.section("quo\"te")
        #expect(
            page.text.contains(
                ".PP\n\\&.de x\n\\(aqso /etc/passwd\n\\e*[x] \"\\[u2026]\"\n.PP\n.RS 4\n.nf\n\\&.TH literal\n.fi\n.RE\n"
            ))
        #expect(page.text.contains("\\fBa\"b\\fR\n\\&.x\n"))
        #expect(page.text.contains(".SH \"quo\\(dqte\"\n"))
    }

    @Test("completions know every command", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let script = Casty.completionScript(for: try #require(CompletionShell(rawValue: shell)))
        for command in try HelpDump(of: Casty.self).command.listed {
            #expect(script.contains(command.commandName), "\(command.commandName)")
        }
        #expect(script.contains("print-config"))
    }

    @Test("another shell is a usage error")
    func otherShell() {
        #expect(throws: (any Error).self) { try CompletionsCommand.parse(["tcsh"]) }
    }

    @Test("every exit code that the page lists is there once")
    func exitCodes() {
        let codes = ExitStatus.all.map(\.0)
        #expect(Set(codes).count == codes.count)
    }
}
