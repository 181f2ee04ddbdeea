#include "core/image/mask.h"
#include "core/image/mask_edit.h"
#include "core/image/rle.h"
#include "core/pipeline/engines.h"
#include "core/pipeline/interactive.h"
#include "core/pipeline/merge_preview.h"
#include "tests/ui/support/people_project.h"
#include "ui/models/gallery_model.h"
#include "ui/models/part_model.h"
#include "ui/pages/viewer/checks_panel.h"
#include "ui/pages/viewer/filmstrip.h"
#include "ui/pages/viewer/prompt_assistant.h"
#include "ui/pages/viewer/viewer_page.h"
#include "ui/support/text.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <future>
#include <memory>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

const QString kBag = QStringLiteral("bag");
const QString kClothes = QStringLiteral("clothes");

} // namespace

// The page with a real project of drawn people and the shipped models.
class TestViewerPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void aStrokeIsStoredAtOnceAndUndone();
    void theEraserMakesTheModelsPartAPersons();
    void aPartThatWasNotThereIsDrawn();
    void polygonsAreFinishedByAKey();
    void quickStrokesAreAllStored();
    void exclusivePartsLoseWhatIsPaintedOver();
    void aLockedPartIsNotPainted();
    void aRemovedPartIsSaidNotToBeThere();
    void aPhraseIsEditedInItsRowAndUndone();
    void soloShowsOnePartAndBringsTheOthersBack();
    void peekingShowsThePictureAlone();
    void digitsAndNamesChooseTheParts();
    void toolsStayAndEscapeLeavesThem();
    void aPhraseIsAnsweredAndTaken();
    void pointsWaitForTheEncodingOrSayThatNoModelTakesThem();
    void strokesOfTheOldPictureDoNotReachTheNewOne();
    void aStrokeWaitsForNothing();
    void aStrokeIsMadeUnderTheProjectsMerges();
    void colorsAndNamesFollowTheProjectsMerges();
    void theStripShowsTheNeighboursWithTheirMarks();
    void theStripGoesByKeysAndWheel();
    void whatIsToMendIsListedAndShown();
    void picturesToMendAreListedWorstFirst();

private:
    std::vector<RegionRecord> stored() const
    {
        ProjectStore store =
            ProjectStore::open(toStdString(m_folder), ProjectStore::Access::ReadOnly);
        return storedParts(store, m_page->shownId());
    }
    Mask storedMask(const QString &group) const
    {
        const QSize size = m_page->canvas()->picture().size();
        return maskOfPart(stored(), toStdString(group), size.width(), size.height());
    }
    void open(int row)
    {
        m_session->loadDetails(m_ids[static_cast<std::size_t>(row)]);
        QTRY_COMPARE(m_page->shownId(), m_ids[static_cast<std::size_t>(row)]);
    }
    QPoint at(double x, double y) const
    {
        return m_page->canvas()->view().viewFromPicture({x, y}).toPoint();
    }
    void drag(const QPoint &from, const QPoint &to, Qt::MouseButton button = Qt::LeftButton)
    {
        PictureCanvas *canvas = m_page->canvas();
        QTest::mousePress(canvas, button, {}, from);
        QMouseEvent move(QEvent::MouseMove, to, canvas->mapToGlobal(to), Qt::NoButton, button, {});
        QCoreApplication::sendEvent(canvas, &move);
        QTest::mouseRelease(canvas, button, {}, to);
    }
    void key(Qt::Key which, Qt::KeyboardModifiers modifiers = {})
    {
        QTest::keyClick(m_page->canvas(), which, modifiers);
    }
    // A group without pixels on the picture.
    QString missingGroup() const
    {
        for (const PartStyle &style : m_palette.styles()) {
            if (m_page->parts()->rowOf(style.group) < 0)
                return style.group;
        }
        return {};
    }

    QTemporaryDir m_template;
    std::unique_ptr<QTemporaryDir> m_dir;
    QString m_folder;
    PartPalette m_palette;
    std::unique_ptr<GalleryModel> m_gallery;
    std::unique_ptr<ProjectSession> m_session;
    std::unique_ptr<ActionRegistry> m_actions;
    std::unique_ptr<ViewerPage> m_page;
    QString m_filter; // that the page asked the gallery for
    std::vector<qint64> m_ids;
};

void TestViewerPage::initTestCase()
{
    m_palette = makePartPalette(defaultTaxonomy());
}

void TestViewerPage::init()
{
    m_dir = std::make_unique<QTemporaryDir>();
    m_folder = m_dir->filePath(QStringLiteral("people.sapsam"));
    test::PeopleProject options;
    options.identities = 2;
    options.picturesPerIdentity = 1;
    test::makePeopleProject(toStdString(m_folder), options);

    SessionOptions session;
    session.modelsFolder = toQString(defaultModelsFolder());
    session.engine.threads = 1;
    session.palette = m_palette;
    m_session = std::make_unique<ProjectSession>(session);
    m_gallery = std::make_unique<GalleryModel>();
    connect(m_session.get(), &ProjectSession::imagesLoaded, m_gallery.get(),
            &GalleryModel::setItems);
    m_actions = std::make_unique<ActionRegistry>();
    m_filter.clear();
    PageContext context;
    context.session = m_session.get();
    context.gallery = m_gallery.get();
    context.showFiltered = [this](const QString &filter) { m_filter = filter; };
    context.palette = m_palette;
    context.modelsFolder = session.modelsFolder;
    context.showPage = [](const QString &) {};
    context.openPicture = [this](qint64 id) { m_session->loadDetails(id); };
    context.stepPicture = [](int) {};
    context.showProblem = [](const QString &, const ErrorReport &) {};
    m_page = std::make_unique<ViewerPage>(context);
    m_page->makeActions(*m_actions);
    new QAbstractItemModelTester(
        m_page->parts(), QAbstractItemModelTester::FailureReportingMode::QtTest, m_page.get());
    connect(m_session.get(), &ProjectSession::detailsLoaded, m_page.get(),
            &ViewerPage::showDetails);
    m_page->resize(1000, 760);
    m_page->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_page.get()));
    m_page->activateWindow();
    QSignalSpy opened(m_session.get(), &ProjectSession::opened);
    m_session->open(m_folder);
    QTRY_COMPARE(opened.count(), 1);
    ProjectStore store = ProjectStore::open(toStdString(m_folder), ProjectStore::Access::ReadOnly);
    m_ids.clear();
    for (const std::int64_t id : store.imageIds())
        m_ids.push_back(id);
    open(0);
    QVERIFY(m_page->parts()->rowOf(kClothes) >= 0);
}

void TestViewerPage::cleanup()
{
    m_page.reset();
    m_session.reset();
    m_gallery.reset();
    m_actions.reset();
}

void TestViewerPage::aStrokeIsStoredAtOnceAndUndone()
{
    m_page->chooseGroup(kClothes);
    const Mask before = storedMask(kClothes);
    key(Qt::Key_P);
    QCOMPARE(m_page->canvas()->tool(), CanvasTool::Brush);

    drag(at(2, 2), at(12, 2));

    QTRY_COMPARE(m_session->undoStack()->count(), 1);
    QTRY_VERIFY(m_page->isSaved());
    const Mask painted = storedMask(kClothes);
    QVERIFY(painted.area() > before.area());
    QCOMPARE(painted.at(7, 2), std::uint8_t{1});
    const int row = m_page->parts()->rowOf(kClothes);
    QCOMPARE(m_page->parts()->parts()[static_cast<std::size_t>(row)].maskOrigin,
             QStringLiteral("human"));
    QVERIFY(m_session->undoStack()->undoText().contains(m_palette.title(kClothes)));
    QTRY_VERIFY(m_page->parts()
                    ->index(row)
                    .data(PartModel::DetailRole)
                    .toString()
                    .contains(QStringLiteral("pieces"))); // the stroke lies apart

    m_session->undoStack()->undo();
    QTRY_VERIFY(storedMask(kClothes).bits == before.bits);
    QTRY_COMPARE(m_page->parts()->parts()[static_cast<std::size_t>(row)].maskOrigin,
                 QStringLiteral("model"));
    m_session->undoStack()->redo();
    QTRY_VERIFY(storedMask(kClothes).bits == painted.bits);
}

void TestViewerPage::theEraserMakesTheModelsPartAPersons()
{
    m_page->chooseGroup(kClothes);
    const Mask before = storedMask(kClothes);
    const Box box = *boundingBox(before);
    key(Qt::Key_X);
    m_page->canvas()->setBrushRadius(6);

    drag(at(box.left, box.top), at(box.right, box.bottom));

    QTRY_VERIFY(storedMask(kClothes).area() < before.area());
    for (const RegionRecord &region : stored()) {
        if (region.group == "clothes")
            QCOMPARE(region.origin, std::string("human"));
    }
}

void TestViewerPage::aPartThatWasNotThereIsDrawn()
{
    const QString group = missingGroup();
    QVERIFY(!group.isEmpty());
    const int rows = m_page->parts()->rowCount();
    m_page->chooseGroup(group);
    m_page->setTool(CanvasTool::Brush);

    drag(at(30, 50), at(40, 60));

    QTRY_COMPARE(m_page->parts()->rowCount(), rows + 1);
    QVERIFY(m_page->parts()->rowOf(group) >= 0);
    QVERIFY(storedMask(group).area() > 0);
    QCOMPARE(static_cast<int>(m_page->canvas()->layers().size()), rows + 1);
}

void TestViewerPage::polygonsAreFinishedByAKey()
{
    m_page->chooseGroup(kBag);
    const std::size_t before = storedMask(kBag).area();
    key(Qt::Key_G);
    for (const QPoint &corner : {at(2, 100), at(22, 100), at(22, 120), at(2, 120)})
        QTest::mouseClick(m_page->canvas(), Qt::LeftButton, {}, corner);
    QCOMPARE(storedMask(kBag).area(), before); // not before it is finished

    key(Qt::Key_F);

    QTRY_VERIFY(storedMask(kBag).area() >= before + 300);
    key(Qt::Key_G, Qt::ShiftModifier);
    for (const QPoint &corner : {at(8, 105), at(14, 105), at(14, 112), at(8, 112)})
        QTest::mouseClick(m_page->canvas(), Qt::LeftButton, {}, corner);
    key(Qt::Key_Return);
    QTRY_COMPARE(storedMask(kBag).at(11, 108), std::uint8_t{0});
    // The hole that it left is stated, and filled by a click.
    const int row = m_page->parts()->rowOf(kBag);
    QTRY_VERIFY(m_page->parts()
                    ->index(row)
                    .data(PartModel::DetailRole)
                    .toString()
                    .contains(QStringLiteral("1 hole")));
    key(Qt::Key_B);
    QTest::mouseClick(m_page->canvas(), Qt::LeftButton, {}, at(11, 108));
    QTRY_COMPARE(storedMask(kBag).at(11, 108), std::uint8_t{1});
}

void TestViewerPage::quickStrokesAreAllStored()
{
    m_page->chooseGroup(kClothes);
    m_page->setTool(CanvasTool::Brush);
    m_page->canvas()->setBrushRadius(1);
    for (int i = 0; i < 6; ++i)
        drag(at(2 + 3 * i, 3), at(2 + 3 * i, 9)); // without waiting for the one before

    QTRY_VERIFY(m_page->isSaved());
    const Mask mask = storedMask(kClothes);
    for (int i = 0; i < 6; ++i)
        QCOMPARE(mask.at(2 + 3 * i, 6), std::uint8_t{1});
    QCOMPARE(m_session->undoStack()->count(), 6);
}

void TestViewerPage::exclusivePartsLoseWhatIsPaintedOver()
{
    const Mask clothes = storedMask(kClothes);
    const Box box = *boundingBox(clothes);
    const QString group = missingGroup();
    m_page->chooseGroup(group);
    m_page->setTool(CanvasTool::Brush);
    m_actions->action(QStringLiteral("viewer.exclusive"))->trigger();
    QVERIFY(m_page->isExclusive());

    drag(at(box.left + 1, (box.top + box.bottom) / 2.0),
         at(box.right - 1, (box.top + box.bottom) / 2.0));

    QTRY_COMPARE(m_session->undoStack()->count(), 1);
    QVERIFY(storedMask(group).area() > 0);
    QCOMPARE(intersectionOf(storedMask(group), storedMask(kClothes)).area(), std::size_t{0});
    QVERIFY(storedMask(kClothes).area() < clothes.area());
    m_session->undoStack()->undo(); // both together
    QTRY_VERIFY(storedMask(kClothes).bits == clothes.bits);
}

void TestViewerPage::aLockedPartIsNotPainted()
{
    const Mask before = storedMask(kClothes);
    m_page->chooseGroup(kClothes);
    m_page->parts()->toggleLock(kClothes);
    m_page->setTool(CanvasTool::Brush);
    QSignalSpy refused(m_page->canvas(), &PictureCanvas::refused);

    drag(at(2, 2), at(12, 2));
    m_page->removePart();

    QCOMPARE(refused.count(), 1);
    QVERIFY2(m_page->canvas()->hint().contains(QStringLiteral("locked")),
             qPrintable(m_page->canvas()->hint()));
    QCOMPARE(m_page->canvas()->accessibleDescription(), m_page->canvas()->hint());
    QTRY_VERIFY(m_session->isIdle());
    QVERIFY(storedMask(kClothes).bits == before.bits);
    QCOMPARE(m_session->undoStack()->count(), 0);
}

void TestViewerPage::aRemovedPartIsSaidNotToBeThere()
{
    m_page->chooseGroup(kClothes);
    const int rows = m_page->parts()->rowCount();

    key(Qt::Key_Delete);

    QTRY_COMPARE(m_page->parts()->rowCount(), rows - 1);
    ProjectStore store = ProjectStore::open(toStdString(m_folder), ProjectStore::Access::ReadOnly);
    QCOMPARE(store.absentRegions(m_page->shownId()).size(), std::size_t{1});
    m_session->undoStack()->undo();
    QTRY_COMPARE(m_page->parts()->rowCount(), rows);
    const int row = m_page->parts()->rowOf(kClothes);
    QVERIFY(!m_page->parts()->parts()[static_cast<std::size_t>(row)].phrase.isEmpty());
}

void TestViewerPage::aPhraseIsEditedInItsRowAndUndone()
{
    QTRY_VERIFY(m_session->isIdle());
    const int row = m_page->parts()->rowOf(kClothes);
    const QModelIndex index = m_page->parts()->index(row);
    const QString before = index.data(PartModel::PhraseRole).toString();
    m_page->partList()->setFocus();
    m_page->partList()->edit(index);
    auto *edit = m_page->partList()->findChild<QLineEdit *>();
    QVERIFY(edit != nullptr);
    QCOMPARE(edit->text(), before);
    edit->selectAll();
    QTest::keyClicks(edit, QStringLiteral("a crimson coat"));
    // What is learned about the part meanwhile does not touch what is typed.
    const std::int64_t region =
        m_page->parts()->parts()[static_cast<std::size_t>(row)].record.id;
    m_page->parts()->setShape(region, MaskShape{10, 1, 0});
    QCOMPARE(edit->text(), QStringLiteral("a crimson coat"));

    QTest::keyClick(edit, Qt::Key_Return);

    const auto shown = [this, row] {
        return m_page->parts()->index(row).data(PartModel::PhraseRole).toString();
    };
    QTRY_COMPARE(shown(), QStringLiteral("a crimson coat"));
    QVERIFY(m_page->parts()
                ->index(row)
                .data(PartModel::DetailRole)
                .toString()
                .contains(QStringLiteral("phrase by a person")));
    m_session->undoStack()->undo();
    QTRY_COMPARE(shown(), before);
}

void TestViewerPage::soloShowsOnePartAndBringsTheOthersBack()
{
    PartModel *parts = m_page->parts();
    parts->toggleSolo(kClothes);

    const QSet<QString> &hidden = m_page->canvas()->look().hiddenGroups;
    QVERIFY(!hidden.contains(kClothes));
    QCOMPARE(static_cast<int>(hidden.size()), parts->rowCount() - 1);
    parts->toggleSolo(kClothes);
    QVERIFY(m_page->canvas()->look().hiddenGroups.isEmpty());
}

void TestViewerPage::peekingShowsThePictureAlone()
{
    PictureCanvas *canvas = m_page->canvas();
    canvas->setFocus();
    const QImage with = canvas->grab().toImage();

    QTest::keyPress(canvas, Qt::Key_Backslash);
    QVERIFY(canvas->isPeeking());
    const QImage without = canvas->grab().toImage();
    QTest::keyRelease(canvas, Qt::Key_Backslash);

    QVERIFY(!canvas->isPeeking());
    QVERIFY(with != without);
    QTest::keyPress(canvas, Qt::Key_Tab);
    QVERIFY(canvas->isPeeking());
    // A tap goes on to the next control.
    QTest::keyRelease(canvas, Qt::Key_Tab);
    QVERIFY(!canvas->isPeeking());
    QVERIFY(!canvas->hasFocus());
}

void TestViewerPage::digitsAndNamesChooseTheParts()
{
    key(Qt::Key_4);
    QCOMPARE(m_page->group(), m_palette.styles()[3].group);
    key(Qt::Key_L);
    auto *finder = m_page->findChild<QDialog *>(QStringLiteral("partFinder"));
    QVERIFY(finder != nullptr);
    auto *edit = finder->findChild<QLineEdit *>();
    finder->activateWindow();
    QTRY_COMPARE(QApplication::focusWidget(), edit);
    QTest::keyClicks(edit, QStringLiteral("bg"));
    QCOMPARE(finder->findChild<QListWidget *>()->count(), 1);
    QTest::keyClick(edit, Qt::Key_Return);
    QCOMPARE(m_page->group(), kBag);
    m_page->activateWindow();
    QTRY_COMPARE(QApplication::focusWidget(), m_page->canvas());
    key(Qt::Key_V);
    QVERIFY(m_page->parts()->hiddenGroups().contains(kBag));
}

void TestViewerPage::toolsStayAndEscapeLeavesThem()
{
    m_page->chooseGroup(kClothes);
    key(Qt::Key_X);
    drag(at(1, 1), at(2, 2));
    QCOMPARE(m_page->canvas()->tool(), CanvasTool::Eraser);
    key(Qt::Key_Escape);
    QCOMPARE(m_page->canvas()->tool(), CanvasTool::Look);
    key(Qt::Key_N);
    QCOMPARE(m_page->canvas()->tool(), CanvasTool::Eraser);
    const double radius = m_page->canvas()->brushRadius();
    key(Qt::Key_BracketRight);
    QVERIFY(m_page->canvas()->brushRadius() > radius);
    key(Qt::Key_BracketLeft);
    QCOMPARE(m_page->canvas()->brushRadius(), radius);
    QVERIFY(m_actions->clashes().isEmpty());
}

void TestViewerPage::aPhraseIsAnsweredAndTaken()
{
    m_page->chooseGroup(kClothes);
    key(Qt::Key_R);
    QTRY_VERIFY(m_page->phrasePrompt()->hasFocus());
    m_page->phrasePrompt()->clear();
    // The words that were written about it, so that the model finds it.
    const QString phrase = m_page->parts()
                               ->index(m_page->parts()->rowOf(kClothes))
                               .data(PartModel::PhraseRole)
                               .toString();
    QVERIFY(!phrase.isEmpty());
    QTest::keyClicks(m_page->phrasePrompt(), phrase);
    QTRY_VERIFY_WITH_TIMEOUT(m_page->canvas()->hasPreview(), 20000);
    const std::vector<RegionRecord> before = stored();
    QVERIFY(!m_page->agreementLabel()->text().isEmpty());
    QTRY_VERIFY(m_page->assistant()->isIdle());

    QTest::keyClick(m_page->phrasePrompt(), Qt::Key_Return);

    QTRY_VERIFY(!m_page->canvas()->hasPreview());
    QTRY_COMPARE(m_session->undoStack()->count(), 1);
    for (const RegionRecord &region : stored()) {
        if (region.group != "clothes")
            continue;
        QCOMPARE(region.origin, std::string("human"));
        QVERIFY(region.area > 0.0);
        QCOMPARE(QString::fromStdString(region.prompt), phrase);
        QCOMPARE(region.modelHash.size(), std::size_t{64});
    }
}

void TestViewerPage::pointsWaitForTheEncodingOrSayThatNoModelTakesThem()
{
    m_page->chooseGroup(kClothes);
    const Box box = *boundingBox(storedMask(kClothes));
    QSignalSpy failures(m_page->assistant(), &PromptAssistant::failed);
    key(Qt::Key_Q);

    QTest::mouseClick(m_page->canvas(), Qt::LeftButton, {},
                      at((box.left + box.right) / 2.0, (box.top + box.bottom) / 2.0));

    QTRY_VERIFY_WITH_TIMEOUT(m_page->canvas()->hasPreview() || failures.count() > 0, 20000);
    if (!m_page->assistant()->takesPoints())
        QCOMPARE(failures.count(), 1);
    key(Qt::Key_Escape);
    QVERIFY(!m_page->canvas()->hasPreview());
    QCOMPARE(m_session->undoStack()->count(), 0);
}

void TestViewerPage::strokesOfTheOldPictureDoNotReachTheNewOne()
{
    m_page->chooseGroup(kClothes);
    const qint64 first = m_page->shownId();
    m_page->setTool(CanvasTool::Brush);
    drag(at(2, 2), at(12, 2));
    m_session->loadDetails(m_ids[1]);
    QTRY_COMPARE(m_page->shownId(), m_ids[1]);
    QTRY_VERIFY(m_page->isSaved());

    ProjectStore store = ProjectStore::open(toStdString(m_folder), ProjectStore::Access::ReadOnly);
    int human = 0;
    for (const RegionRecord &region : store.regions(m_ids[1]))
        human += region.origin == "human" ? 1 : 0;
    QCOMPARE(human, 0);
    human = 0;
    for (const RegionRecord &region : store.regions(first))
        human += region.origin == "human" ? 1 : 0;
    QCOMPARE(human, 1);
}

void TestViewerPage::aStrokeWaitsForNothing()
{
    m_page->chooseGroup(kClothes);
    m_page->setTool(CanvasTool::Brush);
    m_page->canvas()->setBrushRadius(1);
    // Something else keeps the store: strokes are drawn and wait for it on their lane.
    std::promise<void> go;
    m_session->edit(
        QStringLiteral("Wait"),
        [ready = go.get_future().share()](ProjectStore &) {
            ready.wait();
            return Edit();
        },
        m_page.get(), {}, {});

    for (int i = 0; i < 4; ++i) {
        drag(at(2 + 3 * i, 3), at(2 + 3 * i, 9));
        QCoreApplication::processEvents();
    }

    QVERIFY(!m_page->isSaved());
    const auto drawn = [this](int x, int y) {
        for (const OverlayLayer &layer : m_page->canvas()->layers()) {
            const int factor = layer.fill.width() / m_page->canvas()->picture().width();
            if (layer.group == kClothes)
                return static_cast<int>(layer.fill.constScanLine(factor * y)[factor * x]);
        }
        return -1;
    };
    for (int i = 0; i < 4; ++i)
        QVERIFY(drawn(2 + 3 * i, 6) > 0);
    go.set_value();
    QTRY_VERIFY(m_page->isSaved());
    const Mask mask = storedMask(kClothes);
    for (int i = 0; i < 4; ++i) {
        QCOMPARE(mask.at(2 + 3 * i, 6), std::uint8_t{1});
        QVERIFY(drawn(2 + 3 * i, 6) > 0);
    }
    // Undone all at once, the picture shows what is stored.
    for (int i = 0; i < 4; ++i)
        m_session->undoStack()->undo();
    QTRY_COMPARE(storedMask(kClothes).at(2, 6), std::uint8_t{0});
    QTRY_COMPARE(drawn(2, 6), 0);
    QTRY_COMPARE(drawn(11, 6), 0);
}

void TestViewerPage::aStrokeIsMadeUnderTheProjectsMerges()
{
    Taxonomy own = defaultTaxonomy();
    own.groups.push_back({"arms", "Arms", {14, 15}, "the arms", {10, 20, 30}});
    {
        ProjectStore store = ProjectStore::open(toStdString(m_folder));
        own = asNextVersion(store, own, "with arms");
        EditJournal(store).apply(mergeEdit(store, defaultTaxonomy(), own, {}, "Arms"));
    }
    QTRY_COMPARE(m_session->palette().styles().size(), own.groups.size());
    const auto digit = QStringLiteral("viewer.group-%1").arg(own.groups.size());
    QVERIFY(m_actions->action(digit)->isEnabled());
    QVERIFY(m_actions->action(digit)->text().contains(QStringLiteral("Arms")));
    m_actions->action(digit)->trigger();
    QCOMPARE(m_page->group(), QStringLiteral("arms"));
    m_page->setTool(CanvasTool::Brush);

    drag(at(2, 40), at(8, 60));

    QTRY_VERIFY(storedMask(QStringLiteral("arms")).area() > 0);
    for (const RegionRecord &region : stored()) {
        if (region.group == "arms")
            QCOMPARE(region.taxonomyVersion, own.version);
    }
}

void TestViewerPage::colorsAndNamesFollowTheProjectsMerges()
{
    Taxonomy own = defaultTaxonomy();
    std::string gone;
    for (PartGroup &group : own.groups) {
        if (group.name == "clothes") {
            group.colour = {12, 34, 56};
            group.title = "Coats";
        }
    }
    // A group that is not in use any more keeps its looks while it has masks.
    for (const PartRow &part : m_page->parts()->parts()) {
        if (part.group != kClothes)
            gone = toStdString(part.group);
    }
    QVERIFY(!gone.empty());
    std::erase_if(own.groups, [&](const PartGroup &group) { return group.name == gone; });
    const QColor old = m_palette.color(toQString(gone));
    QSignalSpy changed(m_session.get(), &ProjectSession::taxonomyChanged);
    {
        ProjectStore store = ProjectStore::open(toStdString(m_folder));
        own = asNextVersion(store, own);
        EditJournal(store).apply(mergeEdit(store, defaultTaxonomy(), own, {}, "Coats"));
    }

    QTRY_COMPARE(changed.count(), 1); // also when another program did it
    const auto part = [this](const QString &group) {
        const int row = m_page->parts()->rowOf(group);
        return row < 0 ? PartRow() : m_page->parts()->parts()[static_cast<std::size_t>(row)];
    };
    QTRY_COMPARE(part(kClothes).color, QColor(12, 34, 56));
    QCOMPARE(part(kClothes).title, QStringLiteral("Coats"));
    QCOMPARE(part(toQString(gone)).color, old);
    for (const OverlayLayer &layer : m_page->canvas()->layers()) {
        if (layer.group == kClothes)
            QCOMPARE(layer.color, QColor(12, 34, 56));
    }
    m_page->chooseGroup(kClothes);
    m_page->setTool(CanvasTool::Brush);
    drag(at(2, 2), at(12, 2));
    QTRY_VERIFY(m_page->isSaved());
    QCOMPARE(part(kClothes).color, QColor(12, 34, 56));
    // Merges that cannot be read are shown as the shipped ones, and said to be a problem.
    {
        ProjectStore store = ProjectStore::open(toStdString(m_folder));
        store.setSetting(kCurrentTaxonomyKey, "{");
    }
    QTRY_COMPARE(changed.count(), 2);
    QVERIFY(!m_session->taxonomyProblem().isEmpty());
    QTRY_COMPARE(part(kClothes).title, m_palette.title(kClothes));
}

void TestViewerPage::theStripShowsTheNeighboursWithTheirMarks()
{
    Filmstrip *strip = m_page->filmstrip();
    QCOMPARE(strip->current(), m_ids[0]);
    QTRY_COMPARE(strip->visibleRows(), (std::pair<int, int>{0, 1}));
    // Two pictures stand in the middle of it.
    QVERIFY(qAbs((strip->cellRect(0).left() + strip->cellRect(1).right()) / 2 - strip->width() / 2)
            <= 1);
    QTRY_VERIFY(strip->isSettled());
    QVERIFY(!strip->isEdited(m_ids[0]));

    m_page->chooseGroup(kClothes);
    m_page->setTool(CanvasTool::Brush);
    drag(at(2, 2), at(12, 2));

    QTRY_VERIFY(strip->isEdited(m_ids[0]));
    QVERIFY(!strip->isEdited(m_ids[1]));
    QVERIFY(strip->describe(0).contains(QStringLiteral("edited")));
    m_gallery->clearView({m_ids[0], m_ids[1]}, {PictureMarks{0, ' '}, PictureMarks{3, 'a'}});
    QVERIFY2(strip->describe(1).contains(QStringLiteral("accepted")),
             qPrintable(strip->describe(1)));
    QVERIFY(strip->describe(1).startsWith(QStringLiteral("2 of 2")));
    const QImage marked = strip->grab().toImage();
    m_gallery->clearView();
    QVERIFY(strip->grab().toImage() != marked);
    // A click opens the neighbour.
    QTest::mouseClick(strip, Qt::LeftButton, {}, strip->cellRect(1).center());
    QTRY_COMPARE(m_page->shownId(), m_ids[1]);
    QCOMPARE(strip->current(), m_ids[1]);
    QCOMPARE(strip->rowAt(QPoint(2, 2)), -1);
    m_actions->action(QStringLiteral("viewer.filmstrip"))->trigger();
    QVERIFY(!strip->isVisible());
}

void TestViewerPage::theStripGoesByKeysAndWheel()
{
    m_page->hide(); // its keys are for the strip in the page
    // A hundred thousand pictures that are not there: only rows and places count.
    std::vector<GalleryItem> items;
    for (int i = 1; i <= 100'000; ++i)
        items.push_back({i, {}, QString::number(i), {}});
    GalleryModel gallery;
    gallery.setItems(items);
    Filmstrip strip(nullptr, &gallery);
    strip.resize(520, 100);
    strip.show();
    QSignalSpy chosen(&strip, &Filmstrip::pictureChosen);
    connect(&strip, &Filmstrip::pictureChosen, &strip, &Filmstrip::setCurrent);
    strip.setCurrent(50'000);

    QTest::keyClick(&strip, Qt::Key_Right);
    QTest::keyClick(&strip, Qt::Key_Left);
    QTest::keyClick(&strip, Qt::Key_End);
    QTest::keyClick(&strip, Qt::Key_Right); // there is none
    QTest::keyClick(&strip, Qt::Key_Home);

    QCOMPARE(chosen.count(), 4);
    QCOMPARE(chosen[0][0].toLongLong(), 50'001);
    QCOMPARE(chosen[1][0].toLongLong(), 50'000);
    QCOMPARE(chosen[2][0].toLongLong(), 100'000);
    QCOMPARE(chosen[3][0].toLongLong(), 1);
    const auto before = strip.visibleRows();
    QCOMPARE(before.first, 0);
    QVERIFY(before.second < 11);
    QVERIFY(strip.cellRect(0).left() < 20); // no gap before the first one
    QWheelEvent wheel({100, 50}, strip.mapToGlobal(QPointF(100, 50)), {}, {0, -120}, Qt::NoButton,
                      {}, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&strip, &wheel);
    QVERIFY(strip.visibleRows().second > before.second);
    QCOMPARE(strip.current(), 1); // looked at, not opened
}

void TestViewerPage::whatIsToMendIsListedAndShown()
{
    QListWidget *findings = m_page->findingList();
    QTRY_VERIFY(m_session->isIdle());
    const int before = findings->count();
    m_page->chooseGroup(kBag);
    m_page->setTool(CanvasTool::Brush);
    m_page->canvas()->setBrushRadius(1);
    // A crumb beside a large piece.
    m_page->setTool(CanvasTool::PolygonAdd);
    for (const QPoint &corner : {at(2, 100), at(22, 100), at(22, 120), at(2, 120)})
        QTest::mouseClick(m_page->canvas(), Qt::LeftButton, {}, corner);
    key(Qt::Key_F);
    QTRY_VERIFY(m_page->isSaved());
    m_page->setTool(CanvasTool::Brush);
    drag(at(40, 4), at(40, 4));
    QTRY_VERIFY(m_page->isSaved());

    const auto row = [&] {
        for (int i = 0; i < findings->count(); ++i) {
            if (findings->item(i)->text().contains(QStringLiteral("small piece"))
                && findings->item(i)->data(Qt::UserRole).toString() == kBag)
                return i;
        }
        return -1;
    };
    QTRY_VERIFY(row() >= 0);
    QVERIFY(findings->isVisible());
    m_page->chooseGroup(kClothes);
    const double scale = m_page->canvas()->scale();
    findings->scrollToItem(findings->item(row()));
    QTest::mouseClick(findings->viewport(), Qt::LeftButton, {},
                      findings->visualItemRect(findings->item(row())).center());
    QCOMPARE(m_page->group(), kBag);
    QVERIFY(m_page->canvas()->scale() > scale);
    // Mended, it goes from the list.
    m_session->undoStack()->undo();
    m_session->undoStack()->undo();
    QTRY_COMPARE(findings->count(), before);
}

void TestViewerPage::picturesToMendAreListedWorstFirst()
{
    // The parts of one picture lose a stripe.
    Edit damage;
    damage.title = "Damage";
    {
        ProjectStore store =
            ProjectStore::open(toStdString(m_folder), ProjectStore::Access::ReadOnly);
        for (RegionRecord region : store.regions(m_ids[1])) {
            Mask mask = maskOfRle(rleFromString(region.rle, region.width, region.height));
            const Box box = *boundingBox(mask);
            paintBox(mask, {box.left, box.top + box.height() / 3, box.right, box.bottom - 2},
                     false);
            region.rle = rleToString(rleOfMask(mask));
            damage.changes.push_back(
                {EditKind::Region, std::to_string(region.id), {}, regionValue(region)});
        }
    }
    m_session->edit(damage);
    QTRY_COMPARE(m_session->undoStack()->count(), 1);
    ChecksPanel *panel = m_page->checks();
    new QAbstractItemModelTester(panel->model(),
                                 QAbstractItemModelTester::FailureReportingMode::QtTest, panel);
    QVERIFY(!panel->isVisible());

    m_actions->action(QStringLiteral("viewer.checks"))->trigger();

    QVERIFY(panel->isVisible());
    QTRY_VERIFY(panel->model()->rowCount() > 0);
    QVERIFY(!panel->isChecking());
    QCOMPARE(panel->model()->idAt(0), m_ids[1]);
    // The worst is chosen, and opened when that is asked for: what is drawn now is not cut short.
    QCOMPARE(panel->list()->currentIndex().row(), 0);
    QCOMPARE(m_page->shownId(), m_ids[0]);
    m_actions->action(QStringLiteral("viewer.next-to-mend"))->trigger();
    QTRY_COMPARE(m_page->shownId(), m_ids[1]);
    m_page->filmstrip()->pictureChosen(m_ids[0]);
    QTRY_COMPARE(m_page->shownId(), m_ids[0]);
    QVERIFY(!panel->model()->index(0).data(CheckModel::SummaryRole).toString().isEmpty());
    QTest::mouseClick(panel->list()->viewport(), Qt::LeftButton, {},
                      panel->list()->visualRect(panel->model()->index(0)).center());
    QTRY_COMPARE(m_page->shownId(), m_ids[1]);
    QCOMPARE(panel->list()->currentIndex().row(), 0);
    // Only one kind, and the same pictures in the gallery.
    const int all = panel->model()->rowCount();
    panel->kinds()->setCurrentIndex(
        panel->kinds()->findData(static_cast<int>(PartFindingKind::WrongSize)));
    Q_EMIT panel->kinds()->activated(panel->kinds()->currentIndex());
    QCOMPARE(panel->model()->rowCount(), 0);
    panel->kinds()->setCurrentIndex(0);
    Q_EMIT panel->kinds()->activated(0);
    QCOMPARE(panel->model()->rowCount(), all);
    Q_EMIT panel->filterRequested(QStringLiteral("id:2"));
    QCOMPARE(m_filter, QStringLiteral("id:2"));
    // Mended while it is shown, its row stays and says what is left.
    const double damaged = panel->model()->checks()[0].badness;
    m_session->undoStack()->undo();
    QTRY_VERIFY(panel->model()->checks()[0].badness < damaged);
    QCOMPARE(panel->model()->idAt(0), m_ids[1]);
    m_actions->action(QStringLiteral("viewer.checks"))->trigger();
    QVERIFY(!panel->isVisible());
}

QTEST_MAIN(TestViewerPage)
#include "tst_viewer_page.moc"
