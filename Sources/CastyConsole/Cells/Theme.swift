/// A table from roles to inks: built in, or the user's own, which changes some roles of a built-in one.
package struct Theme: Hashable, Sendable {
    package let name: String
    let base: ThemeName
    /// The inks that differ from the base.
    let inks: [Role: Ink]

    package static let standard = Theme(.standard)

    /// A built-in theme.
    package init(_ name: ThemeName) {
        self.init(name: name.rawValue, base: name, inks: [:])
    }

    init(name: String, base: ThemeName, inks: [Role: Ink]) {
        self.name = name
        self.base = base
        self.inks = inks
    }

    func ink(of role: Role) -> Ink { inks[role] ?? Self.ink(of: role, in: base) }

    private static func ink(of role: Role, in theme: ThemeName) -> Ink {
        switch theme {
        case .standard, .mono: standard(role)
        case .safe: safe[role] ?? standard(role)
        case .bright: bright[role] ?? standard(role)
        case .quiet: quiet[role] ?? standard(role)
        }
    }

    private static func standard(_ role: Role) -> Ink {
        switch role {
        case .text, .field: Ink(-1, -1)
        case .strong, .header: Ink(-1, -1, .bold, mono: .bold)
        case .dim, .headerQuiet: Ink(247, 7)
        case .faint: Ink(240, 8, mono: .dim)
        case .headerKey: Ink(45, 14, .bold, mono: .bold)
        case .border: Ink(240, 8)
        case .borderFocused: Ink(45, 14, .bold, mono: .bold)
        case .title, .tab: Ink(250, 7)
        case .titleFocused, .tabSelected: Ink(45, 14, .bold, mono: .bold)
        case .column: Ink(245, 8, mono: .dim)
        case .hintKey: Ink(45, 14, mono: .bold)
        case .hintText: Ink(247, 7)
        case .cursorRow: Ink(-1, -1, .reverse, mono: .reverse)
        case .marked: Ink(220, 11, .bold, mono: .bold)
        case .joining: Ink(45, 6)
        case .up: Ink(77, 2)
        case .leaving: Ink(141, 13, mono: .dim)
        case .unreachable: Ink(208, 11, .bold, mono: .bold)
        case .down: Ink(196, 9, .bold, mono: .reverse)
        case .removed: Ink(240, 8, mono: .dim)
        case .frozen: Ink(75, 12, .bold, mono: .bold)
        case .phiCalm: Ink(31, 4)
        case .phiLow: Ink(71, 2)
        case .phiRaised: Ink(179, 3)
        case .phiHigh: Ink(208, 9, mono: .bold)
        case .phiOver: Ink(196, 9, .bold, mono: [.bold, .reverse])
        case .threshold: Ink(167, 1)
        case .owner0: Ink(39, 12)
        case .owner1: Ink(77, 10)
        case .owner2: Ink(214, 11)
        case .owner3: Ink(170, 13)
        case .owner4: Ink(45, 14)
        case .owner5: Ink(203, 9)
        case .owner6: Ink(148, 2)
        case .owner7: Ink(141, 5)
        case .owner8: Ink(180, 3)
        case .owner9: Ink(111, 4)
        case .moving: Ink(220, 11, .bold, mono: .bold)
        case .unallocated: Ink(240, 8, mono: .dim)
        case .eventDebug: Ink(243, 8, mono: .dim)
        case .eventInfo: Ink(-1, -1)
        case .eventWarning: Ink(214, 11)
        case .eventFault: Ink(203, 9, .bold, mono: .bold)
        case .cause: Ink(244, 8, mono: .dim)
        case .linkOK: Ink(71, 2)
        case .linkCut: Ink(196, 9, .bold, mono: .reverse)
        case .linkSlow: Ink(214, 11, mono: .bold)
        case .linkDead: Ink(240, 8, mono: .dim)
        case .bannerPaused: Ink(0, 0, on: 214, mono: .reverse)
        case .bannerLive: Ink(0, 0, on: 77, mono: .reverse)
        case .bannerSim: Ink(0, 0, on: 75, mono: .reverse)
        case .bannerRecording: Ink(196, 9, .bold, mono: .reverse)
        case .bannerReadOnly: Ink(0, 0, on: 250, mono: .reverse)
        case .modalBorder: Ink(45, 14, .bold, mono: .bold)
        case .modalDanger: Ink(203, 9, .bold, mono: .bold)
        case .button: Ink(250, 7)
        case .buttonSelected: Ink(-1, -1, [.reverse, .bold], mono: [.reverse, .bold])
        case .suggestion: Ink(243, 8, mono: .dim)
        case .flashDone: Ink(77, 10)
        case .flashNote: Ink(-1, -1, .bold, mono: .bold)
        case .flashRefused: Ink(208, 11, .bold, mono: .bold)
        }
    }

    /// Blue against orange, never green against red, with the owners' colours in the order of Okabe and Ito.
    private static let safe: [Role: Ink] = [
        .joining: Ink(75, 6),
        .up: Ink(33, 12),
        .linkOK: Ink(33, 12),
        .flashDone: Ink(33, 12),
        .unreachable: Ink(214, 11, .bold, mono: .bold),
        .down: Ink(202, 11, [.bold, .underline], mono: .reverse),
        .linkCut: Ink(202, 11, [.bold, .underline], mono: .reverse),
        .phiCalm: Ink(24, 4),
        .phiLow: Ink(31, 6),
        .phiRaised: Ink(223, 7),
        .phiHigh: Ink(214, 3, mono: .bold),
        .phiOver: Ink(202, 11, .bold, mono: [.bold, .reverse]),
        .borderFocused: Ink(33, 12, .bold, mono: .bold),
        .titleFocused: Ink(33, 12, .bold, mono: .bold),
        .tabSelected: Ink(33, 12, .bold, mono: .bold),
        .modalBorder: Ink(33, 12, .bold, mono: .bold),
        .hintKey: Ink(33, 12, .bold, mono: .bold),
        .headerKey: Ink(33, 12, .bold, mono: .bold),
        .bannerLive: Ink(0, 0, on: 33, mono: .reverse),
        .owner0: Ink(214, 3),
        .owner1: Ink(74, 14),
        .owner2: Ink(36, 6),
        .owner3: Ink(227, 11),
        .owner4: Ink(26, 4),
        .owner5: Ink(166, 1),
        .owner6: Ink(175, 13),
    ]

    /// Stronger lines and texts, for projectors.
    private static let bright: [Role: Ink] = [
        .border: Ink(250, 7),
        .faint: Ink(250, 7),
        .column: Ink(250, 7),
        .cause: Ink(250, 7),
        .eventDebug: Ink(250, 7),
        .suggestion: Ink(250, 7),
        .removed: Ink(250, 7),
        .dim: Ink(255, 15),
        .title: Ink(255, 15),
        .tab: Ink(255, 15),
        .hintText: Ink(255, 15),
        .headerQuiet: Ink(255, 15),
        .up: Ink(46, 10, .bold),
        .linkOK: Ink(46, 10, .bold),
        .joining: Ink(51, 14, .bold),
    ]

    /// Colour only for problems.
    private static let quiet: [Role: Ink] = [
        .up: Ink(-1, -1),
        .joining: Ink(-1, -1),
        .linkOK: Ink(-1, -1),
        .phiCalm: Ink(-1, -1),
        .phiLow: Ink(-1, -1),
        .flashDone: Ink(-1, -1),
        .borderFocused: Ink(-1, -1, .bold, mono: .bold),
        .titleFocused: Ink(-1, -1, .bold, mono: .bold),
        .tabSelected: Ink(-1, -1, .bold, mono: .bold),
        .hintKey: Ink(-1, -1, .bold, mono: .bold),
        .headerKey: Ink(-1, -1, .bold, mono: .bold),
        .modalBorder: Ink(-1, -1, .bold, mono: .bold),
        .bannerLive: Ink(0, 0, on: 250, mono: .reverse),
        .bannerSim: Ink(0, 0, on: 250, mono: .reverse),
    ]
}
