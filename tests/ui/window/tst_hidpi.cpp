#include "core/taxonomy/taxonomy.h"
#include "ui/support/icons.h"
#include "ui/window/main_window.h"

#include <QApplication>
#include <QLabel>
#include <QTemporaryDir>
#include <QTest>

using namespace sapsam;
using namespace sapsam::ui;

// Run with two device pixels for every point.
class TestHiDpi : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void windowIsDrawnWithAllPixels()
    {
        const QTemporaryDir folder;
        WindowOptions options;
        options.session.modelsFolder = folder.filePath(QStringLiteral("no-models"));
        options.session.engine.device = "cpu";
        options.session.palette = makePartPalette(defaultTaxonomy());
        options.configFolder = folder.filePath(QStringLiteral("config"));
        options.stateFolder = folder.filePath(QStringLiteral("state"));
        MainWindow window(options);
        window.resize(1100, 700);
        window.show();
        QTRY_VERIFY(window.isSettled());

        const QPixmap shot = window.grab();

        QCOMPARE(shot.devicePixelRatio(), 2.0);
        QCOMPARE(shot.size(), QSize(2200, 1400));
        // A picture of half the pixels would be enlarged and soft.
        int pictures = 0;
        for (const QLabel *label : window.findChildren<QLabel *>()) {
            if (label->pixmap(Qt::ReturnByValue).isNull() || !label->isVisible())
                continue;
            QCOMPARE(label->pixmap(Qt::ReturnByValue).devicePixelRatio(), 2.0);
            ++pictures;
        }
        QVERIFY(pictures > 0);
    }

    void iconsAreDrawnForTheDensity()
    {
        const QPixmap pixmap =
            makeIconPixmap(QStringLiteral("gallery"), Qt::black, 20, qApp->devicePixelRatio());
        QCOMPARE(pixmap.size(), QSize(40, 40));
    }
};

int main(int argc, char **argv)
{
    qputenv("QT_SCALE_FACTOR", "2");
    QApplication application(argc, argv);
    initializeResources();
    TestHiDpi test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_hidpi.moc"
