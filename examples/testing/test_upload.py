import asyncio

import aplos_upload

COLUMNS = {"time": "time", "unique_id": "id", "concentration": {"observed": "conc", "analyzed": "conc"}}
CONFIGURATION = {"version": "2024-02-22", "columns": COLUMNS}


def test_uploads_a_file_and_starts_its_analysis(tmp_path):
    file = tmp_path / "pk.csv"
    file.write_text("id,time,conc\n1,0,0\n1,1,10\n1,2,5\n")

    async def upload():
        client = await aplos_upload.connect()
        request = aplos_upload.request_for_file(file, [{"configuration": CONFIGURATION}])
        workflow_id = await aplos_upload.start(client, request)
        return await aplos_upload.wait(client, workflow_id)

    receipt = asyncio.run(upload())

    assert receipt["status"] == 204
    assert len(receipt["executions"]) == 1
