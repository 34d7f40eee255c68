/// The meaning of an element on the screen. Code names roles; a theme and the terminal's colours determine their style.
enum Role: Int, CaseIterable, Hashable, Sendable {
    case text, strong, dim, faint
    case header, headerKey, headerQuiet
    case border, borderFocused, title, titleFocused, tab, tabSelected, column
    case hintKey, hintText
    case cursorRow, marked
    case joining, up, leaving, unreachable, down, removed, frozen
    case phiCalm, phiLow, phiRaised, phiHigh, phiOver, threshold
    case owner0, owner1, owner2, owner3, owner4, owner5, owner6, owner7, owner8, owner9
    case moving, unallocated
    case eventDebug, eventInfo, eventWarning, eventFault, cause
    case linkOK, linkCut, linkSlow, linkDead
    case bannerPaused, bannerLive, bannerSim, bannerRecording, bannerReadOnly
    case modalBorder, modalDanger, button, buttonSelected, field, suggestion
    case flashDone, flashNote, flashRefused

    /// The colour of a shard's owner, by the owner's number.
    static func owner(_ number: Int) -> Role {
        Role(rawValue: owner0.rawValue + ((number - 1) % 10 + 10) % 10) ?? .owner0
    }

    /// The colour of a phi, by its share of the threshold.
    static func phi(_ value: Double, threshold: Double) -> Role {
        if !(value < threshold) { return .phiOver }
        let share = value / max(threshold, 0.001)
        return share < 0.125 ? .phiCalm : share < 0.375 ? .phiLow : share < 0.625 ? .phiRaised : .phiHigh
    }
}
