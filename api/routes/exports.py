"""`/api/exports`: files that data_export wrote, and their download."""

from http import HTTPStatus

from flask import Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from api.answers.exports import export_answer
from api.auth import needs
from api.context import store
from api.contract.administration import Export
from api.contract.declarations import lists, serves_file, shows
from api.contract.shapes import Malformed
from api.export_folder import export_folder
from api.paging import PageQuery, listing
from api.problems import Problem, ProblemCode
from api.requests import DocumentPath
from api.responses import ok
from api.routes.blueprint import resource
from shared.models.access import Permission
from shared.models.exports import ExportRecord

blueprint = resource("exports", "/api/exports", "Exported files")

MEDIA_TYPES = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "extended_json": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
}


@blueprint.get("", summary="Exported files, the newest first")
@needs(Permission.READ_EXPORTS)
@lists(Export)
def list_exports(query: PageQuery) -> Response:
    page = store().exports.page(query.limit, query.position)
    return ok(listing([export_answer(stored, export_folder()) for stored in page.documents], page.end))


@blueprint.get("/<id>", summary="One exported file")
@needs(Permission.READ_EXPORTS)
@shows(Export, Malformed)
def read_export(path: DocumentPath) -> Response:
    return ok(export_answer(store().exports.find(path.id), export_folder()))


@blueprint.get("/<id>/download", summary="The file itself, or the range of it that is asked for")
@needs(Permission.READ_EXPORTS)
@serves_file("application/gzip", *MEDIA_TYPES.values())
def download_export(path: DocumentPath) -> Response:
    record = ExportRecord.from_document(store().exports.find(path.id))
    file = export_folder().open(record.file_name, record.bytes)
    if file is None:
        raise Problem(
            HTTPStatus.GONE,
            ProblemCode.EXPORT_GONE,
            "The file is not in this API's EXPORT_FOLDER: it was removed, or the daemon writes to another folder.",
        )
    compressed = record.file_name.endswith(".gz")
    response = send_file(
        file,
        mimetype="application/gzip" if compressed else MEDIA_TYPES[record.format],
        as_attachment=True,
        download_name=record.file_name,
        etag=record.sha256,
        conditional=False,
    )
    response.content_length = record.bytes  # send_file() does not look it up, and so knows no ranges
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=record.bytes)
    except RequestedRangeNotSatisfiable:
        file.close()
        raise
    return response
